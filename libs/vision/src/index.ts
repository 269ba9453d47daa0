export { errors as visionErrors } from './errors'
export { type Box, type Rectangle, type Size, iou, roundUpToStride } from './geometry'
export { type FitOptions, type Placement, cropTo, fitInto, stretchTo, toFractions } from './letterbox'
export { type PackOptions, type Packer, type TensorData, createPacker } from './pack'
export { type Candidate, type NmsOptions, maxCandidates, nonMaximumSuppression } from './nms'
export { type DecodeOptions, decodeYolov8, decodeYolox, yoloxCells, yoloxStrides } from './decode'
export { type Detection, scaleBoxes, toDetections } from './detections'
export { type Pooling, isFiniteVector, pooledDimension, poolVectors } from './pooling'
export {
  type EffectiveInput,
  type EffectiveManifest,
  type Manifest,
  type OutputFormat,
  type Task,
  effectiveManifest,
  effectiveResolution,
  outputFormats,
  parseManifest,
  requireRunnable,
  runnableOutputs,
  tasks,
} from './manifest'
export { placePicture } from './place'
export { requireDetectionShape } from './shapes'
export { isSrgbProfile } from './srgb'
