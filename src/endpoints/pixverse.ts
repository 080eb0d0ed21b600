/** PixVerse: video from words and pictures, transitions, extensions, lip sync and sound effects. */
import type { Issue } from "../errors.ts";
import { chain, spellings, values } from "./accept.ts";
import { defineEndpoint, type Endpoint, type Price } from "./endpoint.ts";
import { given, type Need, need } from "./needs.ts";
import { ASSUMED, flat, secondsOf, tidy } from "./price.ts";
import { choice, filled, flag, integer, media, optional, text, videoInput, videoOutput } from "./schema.ts";
import type { Static, TObject, TProperties } from "./typebox.ts";

const VIDEO = "https://v3.fal.media/files/rabbit/88-jI3VWXU4Q8kSNrWo3c_output.mp4";
const IMAGE = "https://fal.media/files/koala/Kv2821G03ggpKK2AiZX71_d5fa7bacf06049cfaeb9588f6003b6d5.jpg";
const IMAGE_2 =
  "https://storage.googleapis.com/falserverless/model_tests/ltx/YAPOGvmS2tM_Krdp7q6-d_267c97e017c34f679844a4477dfcec38.jpg";

const prompt = { prompt: text("What the video should show.") };
const aspect = { aspect_ratio: filled(choice(["16:9", "4:3", "1:1", "3:4", "9:16"], "Shape of the video."), "16:9") };
const resolution = { resolution: filled(choice(["360p", "540p", "720p", "1080p"], "Size of the video."), "720p") };
const fastResolution = { resolution: filled(choice(["360p", "540p", "720p"], "Size of the video."), "720p") };
const duration = {
  duration: filled(choice(["5", "8"], "Seconds; 8 cost twice as much and are not made in 1080p."), "5"),
};
const negative = { negative_prompt: filled(text("What the model should avoid."), "") };
const style = {
  style: optional(choice(["anime", "3d_animation", "clay", "comic", "cyberpunk"], "Look of the video.")),
};
/** Extensions call the look `day` where everything else calls it `clay`. */
const extendStyle = {
  style: optional(choice(["anime", "3d_animation", "day", "cyberpunk", "comic"], "Look of the new part.")),
};
const seed = { seed: optional(integer("The same seed and input give the same video.")) };
const model = { model: filled(choice(["v3.5", "v4", "v4.5"], "Version of the model."), "v4.5") };
const image = { image_url: media("image", "Picture the video starts with.") };
const pictures = {
  first_image_url: media("image", "Picture the video starts with."),
  last_image_url: media("image", "Picture the video ends with."),
};
const toExtend = {
  video_url: media("video", "Video to extend."),
  prompt: text("How it goes on."),
};

const RESOLUTION_UNITS: Readonly<Record<string, number>> = { "360p": 0.75, "540p": 0.75, "720p": 1, "1080p": 2 };
const clipPrice = (factor: number, note: string): Price => ({
  unitPrice: 0.2,
  unit: "video",
  units: (input) => (RESOLUTION_UNITS[String(input.resolution)] ?? 1) * (input.duration === "8" ? 2 : 1) * factor,
  rule: `One unit for 5 seconds at 720p, ${note}; 8 seconds are twice that. The dollars and the factors of the resolutions are our assumption.`,
});
const normalPrice = clipPrice(1, "0.75 at 360p and 540p, 2 at 1080p");
const fastPrice = clipPrice(2, "0.75 at 360p and 540p; fast mode doubles it");

/** The vendor makes 8 seconds up to 720p only. */
function checkDuration(input: Readonly<Record<string, unknown>>): readonly Issue[] {
  if (input.resolution !== "1080p" || input.duration !== "8") return [];
  const msg = "Videos in 1080p are limited to 5 seconds";
  return [{ loc: ["body", "duration"], msg, type: "value_error", input: "8" }];
}

const common = { family: "PixVerse", transport: "request", vendor: "fal", output: videoOutput } as const;

/** An endpoint of the v4.5 series, which answers under v4 and v3.5 too. */
function versioned<P extends TProperties>(
  path: string,
  words: { title: string; description: string },
  kind: { category: "text-to-video" | "image-to-video"; need: Need; price: Price },
  properties: P,
  example: Record<string, unknown>,
): Endpoint {
  const input: TObject = videoInput(properties);
  return defineEndpoint({
    ...common,
    id: `fal-ai/pixverse/v4.5/${path}`,
    aliases: [`fal-ai/pixverse/v4/${path}`, `fal-ai/pixverse/v3.5/${path}`],
    ...words,
    category: kind.category,
    input,
    examples: [example],
    price: kind.price,
    accept: chain(
      spellings(input, { last_image_url: ["end_image_url", "end_image"] }),
      values("style", { day: "clay" }),
    ),
    check: path === "transition" ? () => [] : checkDuration,
    needs: () => [kind.need],
  });
}

const textNeed = need("generateVideo", "prompt");
const imageNeed = need("generateVideo", "image_url");
const T2V = { prompt: "Epic low-cut camera capture of a girl clad in ultraviolet threads, neon rain" };
const I2V = { prompt: "The rider turns to the camera and smiles", image_url: IMAGE };

const clips = [
  versioned(
    "text-to-video",
    { title: "PixVerse: text to video", description: "Makes a video of 5 or 8 seconds from a description." },
    { category: "text-to-video", need: textNeed, price: normalPrice },
    { ...prompt, ...aspect, ...resolution, ...duration, ...negative, ...style, ...seed },
    T2V,
  ),
  versioned(
    "text-to-video/fast",
    { title: "PixVerse: text to video, fast", description: "Makes a video of 5 seconds from a description, quickly." },
    { category: "text-to-video", need: textNeed, price: fastPrice },
    { ...prompt, ...aspect, ...fastResolution, ...negative, ...style, ...seed },
    T2V,
  ),
  versioned(
    "image-to-video",
    { title: "PixVerse: image to video", description: "Makes a video of 5 or 8 seconds that starts with a picture." },
    { category: "image-to-video", need: imageNeed, price: normalPrice },
    { ...prompt, ...aspect, ...resolution, ...duration, ...negative, ...style, ...seed, ...image },
    I2V,
  ),
  versioned(
    "image-to-video/fast",
    { title: "PixVerse: image to video, fast", description: "Makes a video of 5 seconds from a picture, quickly." },
    { category: "image-to-video", need: imageNeed, price: fastPrice },
    { ...prompt, ...aspect, ...fastResolution, ...negative, ...style, ...seed, ...image },
    I2V,
  ),
  versioned(
    "transition",
    { title: "PixVerse: transition", description: "Makes a video that leads from one picture to another." },
    { category: "image-to-video", need: need("composeKeyframes", "last_image_url"), price: normalPrice },
    { ...prompt, ...aspect, ...resolution, ...duration, ...negative, ...style, ...seed, ...pictures },
    { prompt: "The scene slowly turns into the other", first_image_url: IMAGE, last_image_url: IMAGE_2 },
  ),
];

const extendInput = videoInput({
  ...toExtend,
  ...negative,
  ...extendStyle,
  ...resolution,
  ...duration,
  ...model,
  ...seed,
});
const extendFastInput = videoInput({ ...toExtend, ...negative, ...extendStyle, ...fastResolution, ...model, ...seed });
const EXTEND = { video_url: VIDEO, prompt: "A kid is talking into camera", resolution: "720p", model: "v4.5" };

const lipsyncInput = videoInput({
  video_url: media("video", "Video of someone's face."),
  audio_url: optional(media("audio", "Speech the lips should follow. Without it, text is spoken.")),
  voice_id: filled(
    choice(
      [
        "Emily",
        "James",
        "Isabella",
        "Liam",
        "Chloe",
        "Adrian",
        "Harper",
        "Ava",
        "Sophia",
        "Julia",
        "Mason",
        "Jack",
        "Oliver",
        "Ethan",
        "Auto",
      ],
      "Voice that speaks the text.",
    ),
    "Auto",
  ),
  text: optional(text("What to say, when there is no audio.")),
});

/** One issue naming both fields: the vendor's schema requires neither. */
function checkLipsync(input: Static<typeof lipsyncInput>): readonly Issue[] {
  if (given(input.audio_url) || given(input.text?.trim())) return [];
  const msg = "Field required: send audio_url, or text to be spoken";
  return [{ loc: ["body", "audio_url"], msg, type: "missing", ctx: { one_of: ["audio_url", "text"] } }];
}

const soundInput = videoInput({
  video_url: media("video", "Video to make sound for."),
  original_sound_switch: optional(flag("Keep the video's own sound beneath.")),
  prompt: filled(text("What should be heard; empty leaves it to the model."), ""),
});

/** All PixVerse endpoints. */
export const pixverse: readonly Endpoint[] = [
  defineEndpoint({
    ...common,
    id: "fal-ai/pixverse/lipsync",
    aliases: [],
    title: "PixVerse: lip sync",
    description: "Moves the lips in a video to given speech, or to a text that is spoken.",
    category: "video-to-video",
    input: lipsyncInput,
    examples: [
      {
        video_url: "https://v3.fal.media/files/penguin/T-ONORYMYLoEOB9lXryA2_IKEy3yAyi1evJGBAkXGZx_output.mp4",
        audio_url: "https://v3.fal.media/files/monkey/k4iyN8bJZWwJXMKH-pO9r_speech.mp3",
        voice_id: "Auto",
        text: "Hello, this is a test message.",
      },
    ],
    price: {
      unitPrice: 0.04,
      unit: "second",
      units: (input, facts) =>
        tidy(
          secondsOf(facts) + (given(input.audio_url) ? 0 : 6 * Math.ceil([...String(input.text ?? "")].length / 100)),
        ),
      rule: "One unit per second of the result ($0.04); without audio, six more ($0.24) for each 100 characters of text begun.",
    },
    accept: spellings(lipsyncInput),
    check: checkLipsync,
    needs: (input) =>
      given(input.audio_url)
        ? [need("lipsync", "audio_url")]
        : [need("speak", "text", "Without audio_url the text must be spoken"), need("lipsync", "video_url")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/pixverse/extend",
    aliases: [],
    title: "PixVerse: extend",
    description: "Continues a video by 5 or 8 seconds.",
    category: "video-to-video",
    input: extendInput,
    examples: [EXTEND],
    price: normalPrice,
    accept: chain(spellings(extendInput), values("style", { clay: "day" })),
    check: checkDuration,
    needs: () => [need("extendVideo", "video_url")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/pixverse/extend/fast",
    aliases: [],
    title: "PixVerse: extend, fast",
    description: "Continues a video by 5 seconds, quickly.",
    category: "video-to-video",
    input: extendFastInput,
    examples: [EXTEND],
    price: fastPrice,
    accept: chain(spellings(extendFastInput), values("style", { clay: "day" })),
    needs: () => [need("extendVideo", "video_url")],
  }),
  defineEndpoint({
    ...common,
    id: "fal-ai/pixverse/sound-effects",
    aliases: [],
    title: "PixVerse: sound effects",
    description: "Makes sound that fits a video and lays it beneath.",
    category: "video-to-video",
    input: soundInput,
    examples: [{ video_url: VIDEO, prompt: "Wind and distant birds" }],
    price: flat(0.05, "video", `Every video costs the same. ${ASSUMED}`),
    accept: spellings(soundInput),
    needs: () => [need("soundEffects", "video_url"), need("muxAudio", "video_url")],
  }),
  ...clips,
];
