// Entry of the WebAssembly module. Every kernel works on raw pointers into one shared memory and keeps no state: module
// level data would be written again by each thread that instantiates the module.
export { narrow, halve, halveBlocked, distance } from "./planes";
export { alignStep } from "./align";
export { gather8, gather16 } from "./gather";
export { matchPatch } from "./patches";
export { segmentFlow } from "./segment-flow";
export { segmentCut } from "./segment-cut";
export { segmentConv, segmentDepthwise } from "./segment-net";
