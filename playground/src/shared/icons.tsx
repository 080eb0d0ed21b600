/** Line icons, 16 units square. They are ornaments: what a control does, its name says. */
import type { ReactNode } from "react";

const PATHS = {
  search: <path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10Zm3.6-1.4L14 14" />,
  sun: (
    <path d="M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1" />
  ),
  moon: <path d="M13.5 9.5A6 6 0 0 1 6.5 2.5a6 6 0 1 0 7 7Z" />,
  upload: <path d="M8 10.5V2m0 0L4.5 5.5M8 2l3.5 3.5M2 11v2.2c0 .4.4.8.8.8h10.4c.4 0 .8-.4.8-.8V11" />,
  download: <path d="M8 2v8.5m0 0L4.5 7M8 10.5 11.5 7M2 11v2.2c0 .4.4.8.8.8h10.4c.4 0 .8-.4.8-.8V11" />,
  close: <path d="m3.5 3.5 9 9m0-9-9 9" />,
  plus: <path d="M8 3v10M3 8h10" />,
  play: <path d="M4.5 2.8v10.4L13 8 4.5 2.8Z" fill="currentColor" />,
  pause: <path d="M5 3v10M11 3v10" />,
  back: <path d="M10.5 3.5 6 8l4.5 4.5" />,
  forward: <path d="M5.5 3.5 10 8l-4.5 4.5" />,
  loop: <path d="M3 9V7a3 3 0 0 1 3-3h6m0 0-2-2m2 2-2 2m3 1v2a3 3 0 0 1-3 3H4m0 0 2 2m-2-2 2-2" />,
  copy: (
    <path d="M5.5 5.5V3.3c0-.4.4-.8.8-.8h6.4c.4 0 .8.4.8.8v6.4c0 .4-.4.8-.8.8h-2.2m-7.2-5h6.4c.4 0 .8.4.8.8v6.4c0 .4-.4.8-.8.8H3.3a.8.8 0 0 1-.8-.8V6.3c0-.4.4-.8.8-.8Z" />
  ),
  check: <path d="m3 8.5 3.2 3.2L13 4.8" />,
  film: <path d="M2.5 3.5h11v9h-11zM5 3.5v9m6-9v9M2.5 8h11" />,
  image: <path d="M2.5 3h11v10h-11zm0 8 3.2-3.2 2.4 2.4 2-2 3.4 3.4M10 6.2h.01" />,
  sound: <path d="M2.5 6.5v3M5.2 4.5v7M8 2.5v11m2.8-9v7m2.7-5v3" />,
  brush: (
    <path d="M13.5 2.5 7.2 8.8M5.5 8.8c1.2 0 2.2 1 2.2 2.2 0 1.7-1.4 2.5-5.2 2.5 1-.9.8-1.6.8-2.5 0-1.2 1-2.2 2.2-2.2Z" />
  ),
  trash: <path d="M2.5 4h11M6 4V2.5h4V4m2 0-.6 9.5H4.6L4 4m2.7 3v4m2.6-4v4" />,
  link: (
    <path d="M6.5 9.5 9.5 6.5M7.2 4.8l1.6-1.6a2.8 2.8 0 0 1 4 4l-1.6 1.6M8.8 11.2l-1.6 1.6a2.8 2.8 0 0 1-4-4l1.6-1.6" />
  ),
  point: <path d="M8 5.5v5M5.5 8h5M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Z" />,
  notPoint: <path d="M5.5 8h5M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12Z" />,
  eraser: <path d="M6 13.5h7.5M9.2 2.8l4 4-6.7 6.7H4.4l-1.9-1.9a.8.8 0 0 1 0-1.1l6.7-7.7Zm-3.4 4 4.2 4.1" />,
  undo: <path d="M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M3 6.5 6 3.5M3 6.5l3 3" />,
  redo: <path d="M13 6.5H6.5a3.5 3.5 0 0 0 0 7H10M13 6.5l-3-3m3 3-3 3" />,
  layers: <path d="m8 2 6 3.2-6 3.2-6-3.2L8 2Zm-6 6.5 6 3.2 6-3.2" />,
  key: <path d="M10 9.5a3.5 3.5 0 1 0-3.3-2.3L2.5 11.4v2.1h2.4V12h1.6v-1.6h1.2l.8-.8c.4.2 1 .3 1.5.3ZM11 5h.01" />,
} as const satisfies Record<string, ReactNode>;

/** Name of an icon. */
export type IconName = keyof typeof PATHS;

/** An icon in the colour of its text. */
export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.5"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {PATHS[name]}
    </svg>
  );
}
