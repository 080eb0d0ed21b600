// Entry of the WebAssembly module. Every kernel works on raw pointers into one shared memory and keeps no state: module
// level data would be written again by each thread that instantiates the module.
export { atMost, distance, halve, halveBlocked, labelled, narrow, smooth } from "./planes";
export { coarseShift } from "./coarse";
export { addRounded, clearBeyond, keepAtMost, listBetween, readPixels16, readPixels8, writePixels16, writePixels8, writeStates } from "./pixels";
export { differences16, differences8, membraneAdd, membraneSolve } from "./membrane";
export { affectedDecide, affectedDiffer16, affectedDiffer8 } from "./affected";
export { blendPixels16, blendPixels8, steadyPixels16, steadyPixels8 } from "./steady";
export { growCells, motionGoOn, motionKeep, motionMoves, motionStore } from "./motion";
export { alignStep } from "./align";
export { alignMove, solveSymmetric } from "./align-move";
export { gather8, gather16 } from "./gather";
export { cameraResidual, carryCollect, carrySplat, cellMeans8, cellMeans16, layCells8, layCells16, spreadMotion } from "./carry";
export { patchErrors, patchFollow, patchScan, patchVote } from "./patches";
export { textureFind, textureLikeness, textureRefine, textureUniqueness } from "./texture";
export { flowMargin, flowWiden8, flowWiden16, flowHalve, flowLikeness } from "./flow-pyramid";
export { flowSearch, flowDensify, flowSeed, flowOffer } from "./flow-search";
export { flowWarp, flowRefine } from "./flow-refine";
export { flowDouble, flowSharpen } from "./flow-sharpen";
export { flowAdd, flowEnlarge, flowDisagreement } from "./flow-field";
export { interpolatePaths } from "./interpolate-paths";
export { interpolateBlend8, interpolateBlend16 } from "./interpolate-blend";
export { segmentCut } from "./segment-cut";
export { segmentDepart, segmentPack } from "./segment-depart";
export { blendRows, convolve, couple, extend, refine8, refine16, resampleRow, settle8, settle16 } from "./upscale";
export { fuseAdd, fuseCompare, fuseLevels, fuseShares, fuseSurroundings } from "./upscale-fuse";
export { segmentCombine, segmentConv, segmentDepthwise, segmentEnlarge, segmentLargest, segmentRectify, segmentResize, segmentSelect } from "./segment-net";
export { boxMean, segmentCarry, segmentEdge16, segmentEdge8, segmentGuide, segmentOwnMotion } from "./segment-follow";
