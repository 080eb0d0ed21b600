/** Figures in words. */

/** Dollars without needless zeros: `$0.05`, `$1.20`, `$0.0002`. */
export function dollars(amount: number): string {
  if (amount === 0) return "$0";
  const digits = amount >= 1 ? 2 : Math.min(6, Math.max(2, 1 - Math.floor(Math.log10(amount))));
  const text = amount.toFixed(digits);
  return `$${digits > 2 ? text.replace(/0+$/, "") : text}`;
}

/** `820 ms`, `4.2 s`, `3 min 05 s`, `2 h 05 min`. */
export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`;
  if (value < 60) return `${value.toFixed(1)} s`;
  const whole = Math.round(value);
  if (whole >= 3600) {
    const minutes = Math.round(whole / 60);
    return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  }
  return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

/** `812 kB`, `3.4 MB`. */
export function bytes(value: number): string {
  if (value < 1000) return `${value} B`;
  const units = ["kB", "MB", "GB"];
  let amount = value / 1000;
  let unit = 0;
  while (amount >= 999.5 && unit < units.length - 1) {
    amount /= 1000;
    unit++;
  }
  return `${amount < 10 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`;
}

/** `just now`, `5 min ago`, `3 h ago`, `12 Nov`. */
export function ago(at: number, now = Date.now()): string {
  const minutes = Math.floor((now - at) / 60_000);
  if (minutes < 1) return "just now";
  if (minutes < 60) return `${minutes} min ago`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ago`;
  return new Date(at).toLocaleDateString("en", { day: "numeric", month: "short" });
}

/** `21 November 2026, 14:05:09`, in the visitor's own time. */
export function moment(at: number): string {
  const date = new Date(at).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });
  return `${date}, ${new Date(at).toLocaleTimeString("en-GB")}`;
}

/** `14:05`. */
export function clock(at: number): string {
  return new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** `Today`, `Yesterday`, `12 November`, `12 November 2025`. */
export function day(at: number, now = Date.now()): string {
  const [date, today] = [new Date(at), new Date(now)];
  const days = Math.round((new Date(today).setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  const year = date.getFullYear() === today.getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "long", year });
}

/** `fal-ai/void-video-inpainting` without its owner where that says nothing new. */
export function shortId(id: string): string {
  return id.replace(/^fal-ai\//, "");
}

/** `num_frames` as `Num frames`, with the usual abbreviations in capitals. */
export function label(name: string): string {
  const words = name
    .replace(/_urls?$/, (end) => (end === "_urls" ? "s" : ""))
    .split("_")
    .map((word) => ABBREVIATIONS[word] ?? word);
  const text = words.join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const ABBREVIATIONS: Readonly<Record<string, string>> = {
  fps: "FPS",
  url: "URL",
  id: "ID",
  num: "number of",
  loras: "LoRAs",
  lra: "LRA",
  adain: "AdaIN",
};
