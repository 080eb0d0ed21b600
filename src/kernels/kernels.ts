/** The WebAssembly kernels: dense per-pixel work on one shared memory. Pointers are byte addresses in that memory. */
import { readFileSync } from "node:fs";

/** Bytes of a WebAssembly page. */
const PAGE = 65536;
/** The module's declared maximum, 4 GiB; a shared memory must not exceed it. */
const MOST_PAGES = 65536;
/** The module's declared minimum. */
const LEAST_PAGES = 16;

/** What the module exports; each kernel is described in assembly/. */
export type Kernels = {
  narrow(source: number, count: number, shift: number, target: number): void;
  halve(source: number, width: number, height: number, target: number): void;
  halveBlocked(source: number, width: number, height: number, target: number): void;
  smooth(source: number, width: number, height: number, target: number, scratch: number): void;
  labelled(labels: number, width: number, height: number, out: number): void;
  atMost(
    source: number,
    count: number,
    most: number,
    value: number,
    closest: number,
    more: number,
    target: number,
  ): void;
  setAtMost(source: number, count: number, most: number, value: number, target: number): void;
  inverse(labels: number, count: number, target: number): void;
  distance(
    labels: number,
    width: number,
    height: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    threshold: number,
    target: number,
  ): void;
  coarseShift(
    own: number,
    ownBlocked: number,
    other: number,
    otherBlocked: number,
    width: number,
    height: number,
    least: number,
    out: number,
  ): number;
  alignStep(
    template: number,
    templateBlocked: number,
    image: number,
    imageBlocked: number,
    width: number,
    height: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    step: number,
    cx: number,
    cy: number,
    unit: number,
    warp: number,
    scale: number,
    equations: number,
    out: number,
    terms: number,
  ): void;
  solveSymmetric(matrix: number, right: number, n: number, lower: number): number;
  alignMove(
    system: number,
    model: number,
    cx: number,
    cy: number,
    unit: number,
    width: number,
    height: number,
    warp: number,
    scratch: number,
  ): number;
  listBetween(
    map: number,
    lumaWidth: number,
    lumaHeight: number,
    shiftX: number,
    shiftY: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    above: number,
    most: number,
    sparse: number,
    target: number,
  ): number;
  keepAtMost(
    map: number,
    lumaWidth: number,
    lumaHeight: number,
    shiftX: number,
    shiftY: number,
    pixels: number,
    count: number,
    most: number,
    bytes: number,
  ): number;
  addRounded(rounded: number, count: number, units: number, values: number): void;
  writeStates(
    pixels: number,
    count: number,
    counts: number,
    value: number,
    other: number,
    map: number,
    width: number,
  ): void;
  clearBeyond(
    map: number,
    other: number,
    width: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    most: number,
    value: number,
  ): number;
  membraneSolve(
    pixels: number,
    differences: number,
    count: number,
    x0: number,
    y0: number,
    side: number,
    columns: number,
    rows: number,
    tolerance: number,
    stiffness: number,
    relaxation: number,
    sweeps: number,
    grid: number,
    scratch: number,
  ): void;
  membraneAdd(
    pixels: number,
    counts: number,
    count: number,
    x0: number,
    y0: number,
    side: number,
    columns: number,
    rows: number,
    grid: number,
    values: number,
  ): void;
  affectedDecide(
    labels: number,
    state: number,
    seen: number,
    differs: number,
    width: number,
    height: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    holes: number,
    blocked: number,
    kept: number,
  ): void;
  writePixels8: WritePixels;
  writePixels16: WritePixels;
  readPixels8: ReadPixels;
  readPixels16: ReadPixels;
  differences8: Differences;
  differences16: Differences;
  differ8: Differ;
  differ16: Differ;
  slackPlaces(
    labels: number,
    depth: number,
    edge: number,
    width: number,
    height: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    least: number,
    most: number,
    bins: number,
    places: number,
  ): void;
  slackCount(
    places: number,
    state: number,
    seen: number,
    differs: number,
    width: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    counts: number,
  ): void;
  slackCore(
    labels: number,
    places: number,
    slack: number,
    width: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    target: number,
  ): void;
  steadyPixels8: SteadyPixels;
  steadyPixels16: SteadyPixels;
  blendPixels8: BlendPixels;
  blendPixels16: BlendPixels;
  growCells(
    cells: number,
    width: number,
    height: number,
    radius: number,
    value: number,
    target: number,
    scratch: number,
  ): void;
  motionMoves(
    u: number,
    v: number,
    goals: number,
    near: number,
    there: number,
    object: number,
    objectThere: number,
    close: number,
    count: number,
    least: number,
    moves: number,
    beside: number,
  ): void;
  motionGoOn(
    beside: number,
    sure: number,
    width: number,
    height: number,
    u: number,
    v: number,
    alike: number,
    list: number,
  ): void;
  motionKeep(
    moves: number,
    width: number,
    height: number,
    u: number,
    v: number,
    scale: number,
    h: number,
    before: number,
    after: number,
    gain: number,
    offset: number,
    marks: number,
    patch: number,
  ): void;
  motionStore(
    cells: number,
    counted: number,
    columns: number,
    level: number,
    blocked: number,
    width: number,
    height: number,
    x0: number,
    y0: number,
    x1: number,
    y1: number,
    masked: number,
    close: number,
    moving: number,
  ): number;
  gather8: Gather;
  gather16: Gather;
  cameraResidual(
    u: number,
    v: number,
    stride: number,
    columns: number,
    rows: number,
    x0: number,
    y0: number,
    dx: number,
    dy: number,
    mapWidth: number,
    mapHeight: number,
    scale: number,
    h: number,
    outU: number,
    outV: number,
    goals: number,
  ): void;
  cellMeans8: CellMeans;
  cellMeans16: CellMeans;
  spreadMotion(
    guide: number,
    columns: number,
    rows: number,
    step: number,
    noise: number,
    reach: number,
    passes: number,
    values: number,
    scratch: number,
  ): void;
  carrySplat(
    motion: number,
    values: number,
    x0: number,
    y0: number,
    columns: number,
    rows: number,
    scale: number,
    h: number,
    inside: number,
    here: number,
    mapWidth: number,
    mapHeight: number,
    moves: number,
    weak: number,
    sums: number,
    doubts: number,
  ): void;
  carryCollect(
    x0: number,
    y0: number,
    columns: number,
    rows: number,
    scale: number,
    inside: number,
    here: number,
    there: number,
    mapWidth: number,
    mapHeight: number,
    sums: number,
    doubts: number,
    from: number,
    bases: number,
    xs: number,
    ys: number,
    olds: number,
    blocked: number,
    maxX: number,
    maxY: number,
    target: number,
  ): number;
  layCells8: LayCells;
  layCells16: LayCells;
  patchErrors(
    pixels: number,
    sure: number,
    width: number,
    height: number,
    radius: number,
    centres: number,
    count: number,
    from: number,
    errors: number,
    near: number,
  ): void;
  patchScan(
    pixels: number,
    sure: number,
    width: number,
    height: number,
    radius: number,
    centres: number,
    count: number,
    from: number,
    errors: number,
    near: number,
    source: number,
  ): void;
  patchFollow(
    pixels: number,
    sure: number,
    width: number,
    height: number,
    radius: number,
    centres: number,
    count: number,
    from: number,
    errors: number,
    near: number,
    source: number,
    backwards: number,
    jitter: number,
  ): void;
  patchVote(
    pixels: number,
    sure: number,
    width: number,
    height: number,
    radius: number,
    centres: number,
    count: number,
    from: number,
    errors: number,
    near: number,
    filled: number,
    misfit: number,
    sums: number,
  ): void;
  textureFind(
    pixels: number,
    guide: number,
    known: number,
    source: number,
    penalty: number,
    width: number,
    height: number,
    x: number,
    y: number,
    radius: number,
    step: number,
    prior: number,
    across: number,
    ox: number,
    oy: number,
    dx: number,
    dy: number,
    likeness: number,
    strange: number,
  ): number;
  textureLikeness(
    pixels: number,
    source: number,
    width: number,
    height: number,
    step: number,
    least: number,
    weight: number,
    strange: number,
    target: number,
  ): void;
  textureUniqueness(
    pixels: number,
    source: number,
    width: number,
    height: number,
    radius: number,
    step: number,
    apart: number,
    target: number,
  ): void;
  textureRefine(
    pixels: number,
    guide: number,
    known: number,
    source: number,
    width: number,
    height: number,
    radius: number,
    prior: number,
    jitter: number,
    backwards: number,
    from: number,
    errors: number,
  ): void;
  flowWiden8(source: number, width: number, height: number, scale: number, level: number, stride: number): void;
  flowWiden16(source: number, width: number, height: number, scale: number, level: number, stride: number): void;
  flowHalve(source: number, width: number, height: number, sourceStride: number, level: number, stride: number): void;
  flowLikeness(a: number, b: number, width: number, height: number, stride: number): number;
  flowSearch(
    first: number,
    second: number,
    width: number,
    height: number,
    stride: number,
    patches: number,
    columns: number,
    rows: number,
    step: number,
    iterations: number,
    scratch: number,
  ): void;
  flowDensify(
    first: number,
    second: number,
    width: number,
    height: number,
    stride: number,
    patches: number,
    columns: number,
    rows: number,
    step: number,
    u: number,
    v: number,
    weight: number,
  ): void;
  flowSeed(
    u: number,
    v: number,
    coarseWidth: number,
    coarseHeight: number,
    coarseStride: number,
    patches: number,
    columns: number,
    rows: number,
    step: number,
    width: number,
    height: number,
  ): void;
  flowWarp(
    image: number,
    width: number,
    height: number,
    stride: number,
    u: number,
    v: number,
    factor: number,
    target: number,
  ): void;
  flowRefine(
    first: number,
    second: number,
    width: number,
    height: number,
    stride: number,
    u: number,
    v: number,
    smooth: number,
    value: number,
    gradient: number,
    rounds: number,
    sweeps: number,
    work: number,
    planeBytes: number,
  ): void;
  flowDouble(
    from: number,
    fromStride: number,
    to: number,
    width: number,
    height: number,
    stride: number,
    work: number,
  ): void;
  flowSharpen(
    first: number,
    seen: number,
    width: number,
    height: number,
    stride: number,
    u: number,
    v: number,
    flat: number,
    work: number,
    pitch: number,
  ): void;
  flowEnlarge(
    source: number,
    sourceWidth: number,
    sourceHeight: number,
    sourceStride: number,
    scale: number,
    target: number,
    width: number,
    height: number,
    stride: number,
  ): void;
  flowDisagreement(
    u: number,
    v: number,
    backU: number,
    backV: number,
    width: number,
    height: number,
    stride: number,
    share: number,
    slack: number,
    target: number,
  ): void;
  flowOffer(
    first: number,
    second: number,
    width: number,
    height: number,
    stride: number,
    patches: number,
    columns: number,
    rows: number,
    step: number,
    guesses: number,
    favour: number,
    slack: number,
    scratch: number,
  ): void;
  flowAdd(target: number, source: number, width: number, height: number, stride: number): void;
  flowMargin(level: number, width: number, height: number, stride: number): void;
  interpolatePaths(
    forward: number,
    backward: number,
    middle: number,
    before: number,
    after: number,
    planeBytes: number,
    width: number,
    height: number,
    stride: number,
    time: number,
    apart: number,
    paths: number,
    pathBytes: number,
    marks: number,
    records: number,
    work: number,
  ): void;
  interpolateBlend8: Blend;
  interpolateBlend16: Blend;
  boxMean(values: number, width: number, height: number, radius: number, target: number, scratch: number): void;
  segmentCarry(
    mask: number,
    habits: number,
    flow: number,
    back: number,
    current: number,
    previous: number,
    width: number,
    height: number,
    astray: number,
    shape: number,
    habit: number,
    error: number,
  ): void;
  segmentOwnMotion(
    flow: number,
    width: number,
    height: number,
    u0: number,
    ux: number,
    uy: number,
    v0: number,
    vx: number,
    vy: number,
    target: number,
  ): void;
  segmentGuide(
    mask: number,
    luma: number,
    width: number,
    height: number,
    radius: number,
    flat: number,
    scratch: number,
  ): void;
  segmentEdge8: SegmentEdge;
  segmentEdge16: SegmentEdge;
  segmentCombine(target: number, source: number, count: number, period: number, multiply: boolean): void;
  segmentRectify(source: number, count: number, slope: number, most: number, target: number): void;
  segmentLargest(
    source: number,
    widthIn: number,
    channels: number,
    target: number,
    width: number,
    height: number,
  ): void;
  segmentSelect(
    source: number,
    sourceChannels: number,
    target: number,
    targetChannels: number,
    channels: number,
    pixels: number,
  ): void;
  segmentResize(
    source: number,
    widthIn: number,
    heightIn: number,
    channels: number,
    target: number,
    width: number,
    height: number,
  ): void;
  segmentEnlarge(
    source: number,
    width: number,
    height: number,
    channelsIn: number,
    weights: number,
    channelsOut: number,
    target: number,
  ): void;
  segmentConv(
    input: number,
    widthIn: number,
    channelsIn: number,
    weights: number,
    bias: number,
    output: number,
    widthOut: number,
    channelsOut: number,
    kernelHeight: number,
    kernelWidth: number,
    stride: number,
    rowFrom: number,
    rowTo: number,
  ): void;
  segmentDepthwise(
    input: number,
    widthIn: number,
    channels: number,
    weights: number,
    output: number,
    widthOut: number,
    heightOut: number,
    kernel: number,
    stride: number,
  ): void;
  segmentPack(luma: number, u: number, v: number, count: number, target: number): void;
  segmentDepart(
    pixels: number,
    width: number,
    height: number,
    records: number,
    count: number,
    rowFrom: number,
    rowTo: number,
    target: number,
  ): void;
  segmentCut(
    u: number,
    ahead: number,
    dualX: number,
    dualY: number,
    costX: number,
    costY: number,
    data: number,
    width: number,
    height: number,
    stride: number,
    iterations: number,
  ): void;
  refine8: Refine;
  refine16: Refine;
  settle8(source: number, count: number, shift: number, target: number): void;
  settle16(source: number, count: number, shift: number, most: number, target: number): void;
  extend(source: number, count: number, margin: number, behind: number, target: number): void;
  couple(source: number, count: number, target: number): void;
  blendRows(rows: number, taps: number, weights: number, count: number, target: number): void;
  resampleRow(source: number, starts: number, weights: number, taps: number, count: number, target: number): void;
  convolve(
    terms: number,
    near: number,
    wide: number,
    weights: number,
    bias: number,
    shift: number,
    relu: number,
    target: number,
    pitch: number,
    count: number,
  ): void;
  fuseCompare(
    own: number,
    other: number,
    width: number,
    height: number,
    y: number,
    u: number,
    v: number,
    table: number,
    differences: number,
    pitch: number,
    means: number,
    errors: number,
  ): void;
  fuseLevels(means: number, errors: number, count: number, levels: number): void;
  fuseSurroundings(rows: number, count: number, work: number, target: number): void;
  fuseShares(
    first: number,
    second: number,
    limit: number,
    count: number,
    firstShares: number,
    secondShares: number,
  ): void;
  fuseAdd(target: number, differences: number, levels: number, shares: number, count: number): void;
};

/** See `blend` in assembly/interpolate-blend.ts. */
export type Blend = (
  first: number,
  second: number,
  target: number,
  planes: number,
  apart: number,
  width: number,
  height: number,
  highest: number,
  paths: number,
  pathBytes: number,
  marks: number,
  records: number,
  count: number,
  levelWidth: number,
  levelHeight: number,
  spanX: number,
  spanY: number,
  work: number,
) => void;

/** See `refine8` in assembly/upscale.ts. */
export type Refine = (source: number, count: number, shift: number, target: number) => void;

/** See `segmentEdge8` in assembly/segment-follow.ts. */
export type SegmentEdge = (
  luma: number,
  count: number,
  start: number,
  scale: number,
  gain: number,
  offset: number,
  smallX: number,
  smallWidth: number,
  smallHeight: number,
  row: number,
  factor: number,
  target: number,
) => void;

/** See `gather` in assembly/gather.ts. */
export type Gather = (
  pixels: number,
  count: number,
  width: number,
  height: number,
  shiftX: number,
  shiftY: number,
  lumaWidth: number,
  lumaHeight: number,
  sources: number,
  sourceCount: number,
  most: number,
  floor: number,
  scratch: number,
  values: number,
  counts: number,
) => void;

/** See `cellMeans` in assembly/carry.ts. */
export type CellMeans = (
  plane: number,
  width: number,
  height: number,
  shiftX: number,
  shiftY: number,
  scale: number,
  factor: number,
  x0: number,
  y0: number,
  columns: number,
  rows: number,
  target: number,
  count: number,
  mapWidth: number,
  offset: number,
  cells: number,
  bases: number,
  xs: number,
  ys: number,
) => void;

/** See `layCells` in assembly/carry.ts. */
export type LayCells = (
  fills: number,
  width: number,
  height: number,
  shiftX: number,
  shiftY: number,
  lumaWidth: number,
  lumaHeight: number,
  scale: number,
  index: number,
  records: number,
  mapWidth: number,
  mapHeight: number,
  list: number,
  count: number,
  state: number,
  unseen: number,
  least: number,
  zero: number,
  top: number,
) => void;

/** See `writePixels8` in assembly/pixels.ts. */
export type WritePixels = (
  pixels: number,
  count: number,
  values: number,
  counts: number,
  plane: number,
  width: number,
  top: number,
  units: number,
  rounded: number,
) => void;

/** See `readPixels8` in assembly/pixels.ts. */
export type ReadPixels = (pixels: number, count: number, plane: number, width: number, values: number) => void;

/** See `differences8` in assembly/membrane.ts. */
export type Differences = (
  pixels: number,
  count: number,
  values: number,
  counts: number,
  source: number,
  width: number,
  shiftX: number,
  shiftY: number,
  lumaWidth: number,
  edge: number,
  above: number,
  most: number,
  without: number,
  bits: number,
  found: number,
  differences: number,
) => number;

/** See `differ8` in assembly/differ.ts. */
export type Differ = (
  map: number,
  least: number,
  most: number,
  state: number,
  seen: number,
  lumaWidth: number,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  source: number,
  fill: number,
  width: number,
  height: number,
  shiftX: number,
  shiftY: number,
  around: number,
  limit: number,
  differs: number,
) => void;

/** See `steadyPixels8` in assembly/steady.ts. */
export type SteadyPixels = (
  pixels: number,
  count: number,
  values: number,
  others: number,
  counts: number,
  radius: number,
  plane: number,
  width: number,
  height: number,
  level: number,
  state: number,
  whole: number,
  lumaWidth: number,
  shiftX: number,
  shiftY: number,
  scratch: number,
) => void;

/** See `blendPixels8` in assembly/steady.ts. */
export type BlendPixels = (
  pixels: number,
  count: number,
  values: number,
  shares: number,
  edge: number,
  lumaWidth: number,
  lumaHeight: number,
  shiftX: number,
  shiftY: number,
  plane: number,
  width: number,
  top: number,
  handOn: number,
  scratch: number,
) => void;

let compiled: WebAssembly.Module | undefined;

/**
 * A shared memory that holds at least `bytes`. Its size never changes, so views of it stay valid.
 * @throws RangeError beyond 4 GiB, or when the system has not that much.
 */
export function createMemory(bytes: number): WebAssembly.Memory {
  const pages = Math.max(LEAST_PAGES, Math.ceil(bytes / PAGE));
  if (pages > MOST_PAGES) throw new RangeError("kernels address at most 4 GiB");
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

/** The kernels over `memory`. Each thread makes its own instance. */
export function loadKernels(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(readFileSync(new URL("./kernels.wasm", import.meta.url)));
  const abort = () => {
    throw new Error("a kernel aborted");
  };
  return new WebAssembly.Instance(compiled, { env: { memory, abort } }).exports as unknown as Kernels;
}
