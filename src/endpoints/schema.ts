/**
 * The words endpoints are written in: TypeBox schemas whose JSON is what the vendors publish, plus `x-reshoot-…` marks that
 * the vendors' clients ignore. Validation, OpenAPI, forms and the lists of media fields derive from these marks.
 */
import Type, { type Static, type TObject, type TOptional, type TProperties, type TSchema, type TUnsafe } from "typebox";
import type { Delivery } from "../operations/operations.ts";
import type { MediaKind } from "./endpoint.ts";

/** The mark of a URL field: its value is the {@link MediaKind} that the URL must point to. */
export const MEDIA = "x-reshoot-media";
/** The mark of a field that only Reshoot has. */
export const EXTENSION = "x-reshoot-extension";

/** Limits of a number, as JSON Schema has them. */
type Range = {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly multipleOf?: number;
};
type Length = { readonly minItems?: number };

/** A string; may be empty. */
export const text = (description: string) => Type.String({ description });

/** A whole number. */
export const integer = (description: string, range: Range = {}) => Type.Integer({ description, ...range });

/** A number with or without a fraction: the vendors' `float`. */
export const float = (description: string, range: Range = {}) => Type.Number({ description, ...range });

/** A boolean. */
export const flag = (description: string) => Type.Boolean({ description });

/** One of a few strings. */
export const choice = <const V extends readonly string[]>(values: V, description: string) =>
  Type.Unsafe<V[number]>({ type: "string", enum: [...values], description });

/** An http(s) URL or data URI of a media file. */
export const media = (kind: MediaKind, description: string) =>
  Type.Unsafe<string>({ type: "string", description, [MEDIA]: kind });

/** A list. */
export const list = <S extends TSchema>(items: S, description: string, length: Length = {}) =>
  Type.Array(items, { description, ...length });

/** An object with a name of its own in OpenAPI. */
export const object = <P extends TProperties>(title: string, properties: P, description?: string) =>
  Type.Object(properties, description === undefined ? { title } : { title, description });

/** A field that only Reshoot has. */
export const extension = <S extends TSchema>(schema: S, description: string): S =>
  ({ ...schema, description, [EXTENSION]: true }) as S;

/** A field that may be left out. */
export const optional = <S extends TSchema>(schema: S) => Type.Optional(schema) as TOptional<S>;

/**
 * A field that may be left out and then takes a value: callers need not send it, so it is not in `required`, but after
 * validation it is always there, so its static type is not optional.
 */
export const filled = <S extends TSchema>(schema: S, value: Static<S>): S =>
  Type.Optional({ ...schema, default: value } as TSchema) as unknown as S;

/** A string field that is null unless the caller sends one. */
export const nullable = (schema: TSchema): TUnsafe<string | null> =>
  Type.Optional({ ...schema, nullable: true, default: null } as TSchema) as unknown as TUnsafe<string | null>;

/** The one parameter that Reshoot adds to every endpoint that makes a video. */
export const reshootOutput = () =>
  filled(
    Type.Unsafe<Delivery>({
      type: "string",
      enum: ["default", "lossless"],
      description: "How the video is encoded: for viewing (default), or without loss, for measuring and for editors.",
      [EXTENSION]: true,
    }),
    "default",
  );

/** The input of an endpoint that makes a video: its own fields in the vendor's order, then {@link reshootOutput}. */
export const videoInput = <P extends TProperties>(properties: P) =>
  Type.Object({ ...properties, reshoot_output: reshootOutput() });

const fileFields = {
  url: text("Where the file can be downloaded."),
  content_type: optional(text("Media type of the file.")),
  file_name: optional(text("Name of the file.")),
  file_size: optional(integer("Size in bytes.")),
};

/** fal's File object. */
export const File = object("File", { ...fileFields, file_data: optional(text("The bytes, where they are inline.")) });

/** fal's Image object. */
export const Image = object("Image", {
  ...fileFields,
  width: optional(integer("Width in pixels.")),
  height: optional(integer("Height in pixels.")),
});

/** fal's VideoFile object: a File that says what is in it. */
export const VideoFile = object("VideoFile", {
  ...fileFields,
  file_data: optional(text("The bytes, where they are inline.")),
  duration: optional(float("Length in seconds.")),
  fps: optional(float("Frames per second.")),
  height: optional(integer("Height in pixels.")),
  width: optional(integer("Width in pixels.")),
  num_frames: optional(integer("Number of frames.")),
});

/** Bria's Video object: a File under another name. */
export const Video = object("Video", fileFields);

/** The output `{ video }`. */
export const videoOutput = Type.Object({ video: File });

/** The output `{ video, seed }`. */
export const seededVideoOutput = Type.Object({ video: File, seed: integer("The seed that was used.") });

/** The output `{ video, prompt, seed }`. */
export const promptedVideoOutput = <V extends TObject>(video: V) =>
  Type.Object({ video, prompt: text("The prompt that was used."), seed: integer("The seed that was used.") });
