/** File names from outside, made harmless. They are shown and suggested, never used as a path. */

const MAX_LENGTH = 120;

/** Names that Windows reserves for devices, with any extension. */
const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/**
 * The last segment of a name without control, invisible and path characters, at most 120 characters with its extension
 * kept; empty when nothing is left.
 */
export function sanitizeFileName(name: string): string {
  const segment = name.slice(-1000).split(/[/\\]/).at(-1) ?? "";
  const clean = segment
    .normalize("NFC")
    // Control and format characters (right-to-left marks disguise extensions), halves of pairs, unassigned ones.
    .replace(/\p{C}/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/\s+/g, " ")
    .replace(/^[. ]+|[. ]+$/g, "");
  return shorten(DEVICE.test(clean) ? `_${clean}` : clean);
}

/** The extension of a name in lower case with its dot, `.mp4`; empty when there is none of up to 8 letters and digits. */
export function fileExtension(name: string): string {
  return /\.[a-z0-9]{1,8}$/.exec(name.toLowerCase())?.[0] ?? "";
}

function shorten(name: string): string {
  if (name.length <= MAX_LENGTH) return name;
  const extension = fileExtension(name);
  let stem = "";
  for (const character of name.slice(0, -extension.length || undefined)) {
    if (stem.length + character.length + extension.length > MAX_LENGTH) break;
    stem += character;
  }
  return stem.replace(/[. ]+$/, "") + extension;
}
