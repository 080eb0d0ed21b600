/** Which fields come first: media, then what most people set, then the rest, folded. */
import { holdsMedia, type JsonSchema } from "../shared/schema.ts";

/** Fields of an endpoint by group, each in the schema's order. */
export type Groups = {
  readonly media: readonly string[];
  readonly main: readonly string[];
  readonly advanced: readonly string[];
};

const ADVANCED = new RegExp(
  `^(${[
    "negative_prompt|seed|strength|shift|sampler|acceleration|sync_mode|reshoot_output|loras|offset|linear|dual_mono",
    "guidance_scale|.*num_inference_steps|.*skip_.*_steps|enable_(safety_checker|prompt_expansion|auto_downsample|detail_pass)",
    "expand_prompt|print_summary|measured_.*|temporal_.*|tone_map.*|constant_rate_factor|reverse_video|video_quality",
    "video_write_mode|return_frames_zip|transparency_mode|auto_downsample.*|match_input.*|interpolator_model|preprocess",
    "num_interpolated_frames|output_container_and_codec|precision|smoothing_window|grid_position.*|[xy]_(start|end)",
    "first_n_seconds|resolution_aspect_ratio_video_index|trim_borders|auto_trim",
  ].join("|")})$`,
);

/** Sorts an endpoint's fields. */
export function groupFields({ properties = {}, required = [] }: JsonSchema): Groups {
  const names = Object.keys(properties);
  const media = names.filter((name) => holdsMedia(properties[name]!));
  const advanced = names.filter((name) => !media.includes(name) && !required.includes(name) && ADVANCED.test(name));
  const main = names.filter((name) => !media.includes(name) && !advanced.includes(name));
  const needed = (name: string): number => (required.includes(name) ? 0 : 1);
  return { media: [...media].sort((a, b) => needed(a) - needed(b)), main, advanced };
}
