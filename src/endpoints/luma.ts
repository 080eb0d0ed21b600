/** Luma Dream Machine and Ray 2: video from words and pictures, and edits of whole videos. */
import type { Issue } from "../errors.ts";
import { spellings } from "./accept.ts";
import { defineEndpoint, type Endpoint, type Price } from "./endpoint.ts";
import { checkLumaReframe, reframeLuma } from "./luma-reframing.ts";
import { given, need } from "./needs.ts";
import { ASSUMED, flat, perSecond } from "./price.ts";
import { choice, filled, flag, integer, media, optional, text, videoInput, videoOutput } from "./schema.ts";
import type { Static } from "./typebox.ts";

const IMAGE = "https://fal.media/files/koala/Kv2821G03ggpKK2AiZX71_d5fa7bacf06049cfaeb9588f6003b6d5.jpg";
const VIDEO = "https://v3.fal.media/files/zebra/9aDde3Te2kuJYHdR0Kz8R_output.mp4";
const PROMPT = "A herd of wild horses galloping across a dusty plain, low sun, handheld camera";
const ENDS = { end_image_url: ["last_image_url", "end_image", "last_image"] };

const prompt = { prompt: text("What the video should show.") };
const shape = {
  aspect_ratio: filled(choice(["16:9", "9:16", "4:3", "3:4", "21:9", "9:21"], "Shape of the video."), "16:9"),
  loop: optional(flag("Blend the end into the beginning, so that the video can repeat.")),
};
const size = {
  resolution: filled(
    choice(["540p", "720p", "1080p"], "Size; 720p costs twice as much as 540p, 1080p four times."),
    "540p",
  ),
};
const pictures = (first: string) => ({
  image_url: media("image", first),
  end_image_url: optional(media("image", "Picture the video ends with.")),
});

const textInput = videoInput({ ...prompt, ...shape });
const imageInput = videoInput({ ...prompt, ...pictures("Picture the video starts with."), ...shape });
const ray2TextInput = videoInput({
  ...prompt,
  ...shape,
  ...size,
  duration: filled(choice(["5s", "9s"], "Length; 9s costs twice as much."), "5s"),
});
const ray2ImageInput = videoInput({
  ...prompt,
  image_url: optional(media("image", "Picture the video starts with. May be combined with end_image_url.")),
  end_image_url: optional(media("image", "Picture the video ends with. May be combined with image_url.")),
  ...shape,
  ...size,
  duration: filled(choice(["5s"], "Length."), "5s"),
});
const modifyInput = videoInput({
  video_url: media("video", "Video to modify."),
  image_url: optional(media("image", "The first frame as it should look afterwards.")),
  prompt: optional(text("What to change.")),
  mode: filled(
    choice(
      ["adhere_1", "adhere_2", "adhere_3", "flex_1", "flex_2", "flex_3", "reimagine_1", "reimagine_2", "reimagine_3"],
      "How much may change: adhere_1 the least, reimagine_3 the most.",
    ),
    "flex_1",
  ),
});
const reframeInput = videoInput({
  video_url: media("video", "Video to reframe."),
  aspect_ratio: choice(["1:1", "16:9", "9:16", "4:3", "3:4", "21:9", "9:21"], "Shape of the result."),
  image_url: optional(media("image", "The first frame as it should look afterwards.")),
  grid_position_x: optional(integer("Left edge of the source on the new canvas, when no rectangle is given.")),
  grid_position_y: optional(integer("Top edge of the source on the new canvas, when no rectangle is given.")),
  prompt: optional(text("What the new parts should show.")),
  x_end: optional(integer("Right edge of the source's rectangle on the new canvas.")),
  x_start: optional(integer("Left edge of the source's rectangle on the new canvas.")),
  y_end: optional(integer("Bottom edge of the source's rectangle on the new canvas.")),
  y_start: optional(integer("Top edge of the source's rectangle on the new canvas.")),
});

const dreamMachinePrice = flat(0.5, "video", `Every video costs the same. ${ASSUMED}`);
const RESOLUTION_UNITS: Readonly<Record<string, number>> = { "540p": 1, "720p": 2, "1080p": 4 };
const ray2Price: Price = {
  unitPrice: 0.5,
  unit: "video",
  units: (input) => (RESOLUTION_UNITS[String(input.resolution)] ?? 1) * (input.duration === "9s" ? 2 : 1),
  rule: "One unit for 5 seconds at 540p; 720p is twice, 1080p four times, 9 seconds twice that. The dollars per unit are our assumption.",
};

/** Any one of the two pictures is enough. */
function checkPictures(input: Static<typeof ray2ImageInput>): readonly Issue[] {
  if (given(input.image_url) || given(input.end_image_url)) return [];
  const msg = "Field required: send image_url, end_image_url or both";
  return [{ loc: ["body", "image_url"], msg, type: "missing" }];
}

const common = { aliases: [], family: "Luma", transport: "request", vendor: "fal", output: videoOutput } as const;

/** All Luma endpoints. */
export const luma: readonly Endpoint[] = [
  defineEndpoint({
    ...common,
    id: "fal-ai/luma-dream-machine",
    title: "Luma Dream Machine: text to video",
    description: "Makes a short video from a description.",
    category: "text-to-video",
    input: textInput,
    examples: [{ prompt: PROMPT }],
    price: dreamMachinePrice,
    needs: () => [need("generateVideo", "prompt")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/luma-dream-machine/image-to-video",
    title: "Luma Dream Machine: image to video",
    description: "Makes a short video that starts, and if wished ends, with a given picture.",
    category: "image-to-video",
    input: imageInput,
    examples: [{ prompt: PROMPT, image_url: IMAGE }],
    price: dreamMachinePrice,
    accept: spellings(imageInput, ENDS),
    needs: () => [need("generateVideo", "image_url")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/luma-dream-machine/ray-2",
    title: "Luma Ray 2: text to video",
    description: "Makes a short video from a description, up to 1080p and 9 seconds.",
    category: "text-to-video",
    input: ray2TextInput,
    examples: [{ prompt: PROMPT }],
    price: ray2Price,
    needs: () => [need("generateVideo", "prompt")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/luma-dream-machine/ray-2/image-to-video",
    title: "Luma Ray 2: image to video",
    description: "Makes a short video from a description and its first or last picture, up to 1080p.",
    category: "image-to-video",
    input: ray2ImageInput,
    examples: [{ prompt: PROMPT, image_url: IMAGE }],
    price: ray2Price,
    accept: spellings(ray2ImageInput, ENDS),
    check: checkPictures,
    needs: (input) => [need("generateVideo", given(input.image_url) ? "image_url" : "end_image_url")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/luma-dream-machine/ray-2/modify",
    title: "Luma Ray 2: modify",
    description: "Repaints a video and keeps its motion, from barely to completely.",
    category: "video-to-video",
    input: modifyInput,
    examples: [{ video_url: VIDEO, image_url: IMAGE, mode: "flex_1" }],
    price: perSecond(0.3, `Per second of the input video. ${ASSUMED}`),
    accept: spellings(modifyInput),
    needs: () => [need("restyle", "video_url")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/luma-dream-machine/ray-2/reframe",
    title: "Luma Ray 2: reframe",
    description: "Brings a video into another shape and paints what was outside the picture.",
    category: "video-to-video",
    input: reframeInput,
    examples: [{ video_url: VIDEO, aspect_ratio: "9:16" }],
    price: perSecond(0.2, `Per second of the input video. ${ASSUMED}`),
    accept: spellings(reframeInput),
    check: checkLumaReframe,
    needs: (input) => [
      need("reframe", "aspect_ratio"),
      ...(given(input.image_url)
        ? [need("generateVideo", "image_url", "The video must be changed to meet that picture")]
        : []),
    ],
    run: reframeLuma,
  }),
];
