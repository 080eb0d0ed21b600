/** What an endpoint does, as a small drawing: ink for what is there, the accent for what is made. */
import type { ReactNode } from "react";

const frame = (x: number, y: number, width: number, height: number, key?: string) => (
  <rect key={key} x={x} y={y} width={width} height={height} rx="3" />
);
const made = (children: ReactNode) => <g className="made">{children}</g>;
const bars = (x: number, heights: readonly number[], step = 5) =>
  heights.map((height, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the bars of a drawing never change.
    <path key={index} d={`M${x + index * step} ${32 - height / 2}v${height}`} />
  ));
const clip = (x: number) => (
  <>
    {frame(x, 18, 30, 28)}
    <path d={`M${x + 6} 18v28M${x + 24} 18v28`} opacity=".45" />
  </>
);

const DRAWINGS: Readonly<Record<string, ReactNode>> = {
  removeObject: (
    <>
      {frame(18, 12, 84, 40)}
      <path d="M18 43c14-9 22-9 34-2 10 5 20 4 50-9" opacity=".45" />
      {made(<circle cx="66" cy="31" r="11" strokeDasharray="3.6 3.4" />)}
    </>
  ),
  matte: (
    <>
      <path
        d="M18 15a3 3 0 0 1 3-3h78a3 3 0 0 1 3 3v34a3 3 0 0 1-3 3H21a3 3 0 0 1-3-3Z"
        strokeDasharray="2 4"
        opacity=".6"
      />
      {made(
        <>
          <circle cx="60" cy="27" r="7" />
          <path d="M44 52c0-10 7-15 16-15s16 5 16 15" />
        </>,
      )}
    </>
  ),
  segment: (
    <>
      {frame(18, 12, 84, 40)}
      {made(<path d="M46 42c-6-8-1-20 12-21s22 10 16 19-22 10-28 2Zm14-15v10m-5-5h10" />)}
    </>
  ),
  interpolateFrames: (
    <>
      {frame(14, 14, 30, 36)}
      {frame(76, 14, 30, 36)}
      <circle cx="25" cy="38" r="4" />
      <circle cx="95" cy="25" r="4" />
      {made(
        <>
          <rect x="45" y="14" width="30" height="36" rx="3" strokeDasharray="3.6 3.4" />
          <circle cx="60" cy="31" r="4" />
        </>,
      )}
    </>
  ),
  upscale: (
    <>
      {frame(20, 30, 28, 20)}
      {made(<rect x="40" y="10" width="62" height="42" rx="3" />)}
      {made(<path d="M53 28 66 19m0 0h-8m8 0v7" />)}
    </>
  ),
  reframe: (
    <>
      {frame(34, 18, 52, 28)}
      {made(<path d="M34 18h-8v28h8M86 18h8v28h-8M44 8h32M44 56h32" strokeDasharray="3.6 3.4" />)}
    </>
  ),
  restyle: (
    <>
      {frame(18, 12, 84, 40)}
      <path d="m26 44 13-15 9 10" opacity=".55" />
      {made(<path d="M60 12v40M66 22h30M66 30h24M66 38h28M66 46h16" />)}
    </>
  ),
  extendVideo: (
    <>
      {clip(14)}
      {clip(45)}
      {made(<path d="M76 18h24a3 3 0 0 1 3 3v22a3 3 0 0 1-3 3H76M86 32h10m0 0-4-4m4 4-4 4" strokeDasharray="none" />)}
    </>
  ),
  generateVideo: (
    <>
      <path d="M18 20h26M18 28h32M18 36h20" opacity=".6" />
      {made(<rect x="58" y="14" width="44" height="36" rx="3" />)}
      {made(<path d="m75 25 12 7-12 7z" />)}
    </>
  ),
  composeKeyframes: (
    <>
      {frame(14, 17, 26, 30)}
      {frame(80, 17, 26, 30)}
      {made(<path d="M46 38c8 0 8-12 14-12s6 12 14 12" />)}
    </>
  ),
  lipsync: (
    <>
      <circle cx="42" cy="32" r="20" />
      <path d="M35 26h.1M49 26h.1" strokeWidth="3" />
      {made(<path d="M34 38c3 5 13 5 16 0-3-3-13-3-16 0Z" />)}
      {made(bars(76, [8, 20, 12, 26, 10]))}
    </>
  ),
  soundEffects: (
    <>
      {clip(18)}
      {made(bars(60, [10, 26, 16, 34, 20, 12, 28, 8]))}
    </>
  ),
  muxAudio: (
    <>
      {frame(18, 10, 84, 26)}
      <path d="m56 17 9 6-9 6z" />
      {made(
        <g transform="translate(0 15)">{bars(22, [6, 12, 18, 8, 14, 18, 10, 6, 14, 18, 12, 8, 16, 10, 6, 12, 8])}</g>,
      )}
    </>
  ),
  composeTimeline: (
    <>
      <rect x="18" y="12" width="46" height="10" rx="3" />
      <rect x="40" y="27" width="62" height="10" rx="3" />
      <rect x="18" y="42" width="34" height="10" rx="3" />
      {made(<path d="M58 7v50" />)}
    </>
  ),
  mergeVideos: (
    <>
      {clip(18)}
      {clip(72)}
      {made(<path d="M52 32h16m-6-5 6 5-6 5" />)}
    </>
  ),
  mergeAudios: (
    <>
      {bars(18, [10, 24, 14, 30, 12])}
      {made(bars(48, [12, 28, 18, 34, 22]))}
      {bars(78, [16, 8, 26, 12, 20])}
    </>
  ),
  extractFrame: (
    <>
      {clip(14)}
      {clip(76)}
      {made(<rect x="46" y="11" width="28" height="38" rx="3" />)}
      {made(<path d="m50 43 7-9 5 6 3-3 5 6" />)}
    </>
  ),
  normalizeLoudness: (
    <>
      {bars(20, [6, 14, 40, 8, 30, 12], 6)}
      {made(bars(66, [20, 24, 28, 22, 26, 22], 6))}
    </>
  ),
  drawWaveform: (
    <>
      <path d="M18 52h84" opacity=".45" />
      {made(<path d="M18 32c6-22 8 22 14 0s8 16 14 0 6-28 14 0 8 26 14 0 8 12 14 0 8 14 14 0" />)}
    </>
  ),
  imagesToVideo: (
    <>
      {frame(18, 20, 26, 20)}
      {frame(24, 26, 26, 20)}
      {made(<rect x="62" y="16" width="40" height="32" rx="3" />)}
      {made(<path d="m77 26 10 6-10 6z" />)}
    </>
  ),
  probe: (
    <>
      {frame(18, 14, 40, 36)}
      {made(<path d="M68 20h34M68 28h22M68 36h28M68 44h16" />)}
    </>
  ),
};

/** The drawing of an operation; of a clip where there is none. */
export function Pictogram({ operation }: { readonly operation: string | null }) {
  return (
    <svg className="pictogram" viewBox="0 0 120 64" aria-hidden="true">
      {DRAWINGS[operation ?? ""] ?? clip(45)}
    </svg>
  );
}
