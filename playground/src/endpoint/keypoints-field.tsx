/** Key points on the first frame: clicked where the object is, and beside it. */
import { useRef, useState } from "react";
import { isShowable, localUrl } from "../shared/api.ts";
import { Icon } from "../shared/icons.tsx";
import type { ControlProps } from "./field.tsx";
import { useForm } from "./form-context.ts";
import { ListField } from "./list-field.tsx";

type Point = { readonly x: number; readonly y: number; readonly type: "positive" | "negative" };

/** The control of Bria's `keypoints`: texts in the vendor's spelling, set by clicking. */
export function KeypointsField(props: ControlProps) {
  const { value, onChange } = props;
  const form = useForm();
  const [type, setType] = useState<Point["type"]>("positive");
  const video = useRef<HTMLVideoElement>(null);
  const [size, setSize] = useState<{ width: number; height: number }>();
  const texts = Array.isArray(value) ? (value as string[]) : [];
  const source = typeof form.values.video_url === "string" ? form.values.video_url : "";
  const add = (point: Point): void =>
    onChange([...texts, `{'x': ${point.x}, 'y': ${point.y}, 'type': '${point.type}'}`]);

  return (
    <div className="keypoints">
      {source !== "" && isShowable(source) ? (
        <>
          <div className="segmented">
            {(["positive", "negative"] as const).map((option) => (
              <label key={option}>
                <input
                  type="radio"
                  name={`${props.id}-type`}
                  checked={type === option}
                  onChange={() => setType(option)}
                />
                {option === "positive" ? "On the object" : "Beside it"}
              </label>
            ))}
          </div>
          <button
            type="button"
            className="keypoints-stage"
            aria-label="First frame: click to set a point"
            onClick={({ clientX, clientY, detail }) => {
              const box = video.current?.getBoundingClientRect();
              // A click by keyboard has no place.
              if (!box || !size || detail === 0) return;
              const x = Math.round(((clientX - box.left) / box.width) * size.width);
              const y = Math.round(((clientY - box.top) / box.height) * size.height);
              add({ x, y, type });
            }}
          >
            <video
              ref={video}
              src={localUrl(source)}
              muted
              playsInline
              preload="auto"
              onLoadedMetadata={({ currentTarget: { videoWidth, videoHeight } }) =>
                setSize({ width: videoWidth, height: videoHeight })
              }
            />
            {size &&
              texts.map((text, index) => {
                const point = parse(text);
                if (!point) return null;
                const place = { left: `${(100 * point.x) / size.width}%`, top: `${(100 * point.y) / size.height}%` };
                return (
                  // biome-ignore lint/suspicious/noArrayIndexKey: points are told apart by their place in the list.
                  <span key={index} className={`keypoint ${point.type}`} style={place}>
                    <Icon name={point.type === "positive" ? "plus" : "close"} size={11} />
                  </span>
                );
              })}
          </button>
        </>
      ) : (
        <p className="field-about">Choose a video above to click points on its first frame.</p>
      )}
      <details>
        <summary>
          {texts.length === 0 ? "Points as text" : `${texts.length} point${texts.length === 1 ? "" : "s"} as text`}
        </summary>
        <ListField {...props} />
      </details>
    </div>
  );
}

function parse(text: string): Point | undefined {
  const [, x] = /'x':\s*(-?[\d.]+)/.exec(text) ?? [];
  const [, y] = /'y':\s*(-?[\d.]+)/.exec(text) ?? [];
  if (x === undefined || y === undefined) return undefined;
  return { x: Number(x), y: Number(y), type: text.includes("negative") ? "negative" : "positive" };
}
