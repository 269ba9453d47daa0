export { errors as visionErrors } from './errors'
export { type Box, type Rectangle, type Size, iou, roundUpToStride } from './geometry'
export { type FitOptions, type Placement, cropTo, fitInto, stretchTo, toFractions } from './letterbox'
export { type PackOptions, type Packer, type TensorData, createPacker } from './pack'
export { type Candidate, type NmsOptions, bestOf, maxCandidates, nonMaximumSuppression } from './nms'
export { type DecodeOptions, decodeYolov5, decodeYolov8, decodeYolox, yoloxCells, yoloxStrides } from './decode'
export {
  type DecodeQueriesOptions,
  type DecodeSetOptions,
  type ListedDetections,
  decodeJoinedQueries,
  decodeListed,
  decodeQueries,
  decodeYolov10,
} from './decodeSets'
export { type Classification, type ClassifyOptions, classify } from './classify'
export { type Detection, type KeepOptions, inTensorPixels, scaleBoxes, toDetections } from './detections'
export { type Activation, rangeOf } from './scores'
export { type Pooling, isFiniteVector, pooledDimension, poolVectors } from './pooling'
export { type Manifest, type OutputFormat, type Task, outputFormats, parseManifest, tasks } from './manifest'
export {
  type EffectiveInput,
  type EffectiveManifest,
  effectiveManifest,
  effectiveResolution,
  requireRunnable,
  runnableOutputs,
} from './effective'
export { type GraphInputs, graphInputs } from './inputs'
export { type ChosenOutputs, chooseOutputs, outputNames } from './outputs'
export {
  type SettledManifest,
  type TensorSpec,
  describeTensor,
  requireProbabilities,
  settleClassifier,
  settleInput,
} from './settle'
export { placePicture } from './place'
export { requireClassShape, requireDetectionShape, requireListedShapes, requireQueryShapes } from './shapes'
export { isSrgbProfile } from './srgb'
export {
  type RunLengths,
  checkRunLengths,
  decodeRle,
  encodeRle,
  maskArea,
  maskBounds,
  maskOf,
  runLengthsOf,
} from './runLengths'
export { type PlanePoint, type PlanePolygon, pointsBounds, polygonsArea, polygonsBounds, rasterise } from './polygons'
