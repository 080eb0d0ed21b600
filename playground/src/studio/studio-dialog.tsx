/** The studio over the form whose field it fills. */
import { type SyntheticEvent, useEffect, useMemo, useRef } from "react";
import { createPortal } from "react-dom";
import type { MaskLevels } from "../../../src/playground/api.ts";
import { localUrl } from "../shared/api.ts";
import { Icon } from "../shared/icons.tsx";
import { Studio } from "./studio.tsx";

/** Opens at once; closes by Escape, by its button, and once the mask is used. */
export default function StudioDialog({
  source,
  levels,
  picture,
  runnable,
  onUse,
  onClose,
}: {
  /** URL of the clip on this server. */
  readonly source: string;
  readonly levels: MaskLevels;
  /** The field takes a picture. */
  readonly picture: boolean;
  /** Whether the form can be run. */
  readonly runnable: boolean;
  readonly onUse: (url: string, thenRun: boolean) => void;
  readonly onClose: () => void;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const ready = useMemo(() => Promise.resolve(new URL(source, location.origin).href), [source]);
  useEffect(() => {
    const element = dialog.current;
    element?.showModal();
    return () => element?.close();
  }, []);
  const uses = [
    ...(runnable ? [{ words: "Use it and run", primary: true, take: (url: string) => onUse(url, true) }] : []),
    { words: "Use this mask", primary: !runnable, take: (url: string) => onUse(url, false) },
  ];
  // Outside of the form, whose field would take what is dropped and pasted here.
  return createPortal(
    <dialog
      ref={dialog}
      className="studio-dialog"
      aria-label="Mask studio"
      onClose={onClose}
      onDrop={stay}
      onPaste={stay}
      onBlur={stay}
    >
      <div className="studio-dialog-head">
        <h2>Mask studio</h2>
        <button type="button" className="button quiet icon" aria-label="Close the mask studio" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <Studio preview={localUrl(source)} source={ready} levels={levels} picture={picture} uses={uses} />
    </dialog>,
    document.body,
  );
}

/** Keeps an event from the form that this was opened from. */
function stay(event: SyntheticEvent): void {
  event.stopPropagation();
}
