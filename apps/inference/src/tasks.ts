import {
  type EffectiveManifest,
  type Placement,
  type Task as TaskName,
  decodeYolov8,
  decodeYolox,
  isFiniteVector,
  poolVectors,
  requireDetectionShape,
  runnableOutputs,
  scaleBoxes,
  toDetections,
} from '@lakelens/vision'
import { errors } from './errors'
import type { DetectParameters, RunResult } from './threadProtocol'

/** One picture's answer, and what is needed to read it. */
export interface Answer {
  data: Float32Array
  shape: readonly number[]
  manifest: EffectiveManifest
  classes: number
  placement: Placement
  detect: DetectParameters | null
}

export interface Task {
  does: TaskName
  read(answer: Answer): RunResult
}

type RunnableOutput = (typeof runnableOutputs)[number]

// A model of a detection task that is run without parameters (warming up) answers the most there can be.
const everything: DetectParameters = { confidenceThreshold: 0, nmsIou: 1, maxDetections: 300 }

function readYolov8({ data, shape, manifest, classes, placement, detect }: Answer): RunResult {
  const { confidenceThreshold: threshold, nmsIou, maxDetections } = detect ?? everything
  requireDetectionShape('yolov8', shape, classes, placement.padded)
  const candidates = decodeYolov8(data, { classes, threshold, activation: sigmoidOrNone(manifest) })
  const inPixels = manifest.boxes === 'normalized' ? scaleBoxes(candidates, placement.padded) : candidates
  return { detections: toDetections(inPixels, placement, { iouThreshold: nmsIou, maxDetections }) }
}

function readYolox({ data, shape, manifest, classes, placement, detect }: Answer): RunResult {
  const { confidenceThreshold: threshold, nmsIou, maxDetections } = detect ?? everything
  requireDetectionShape('yolox', shape, classes, placement.padded)
  const candidates = decodeYolox(data, placement.padded, { classes, threshold, activation: sigmoidOrNone(manifest) })
  return { detections: toDetections(candidates, placement, { iouThreshold: nmsIou, maxDetections }) }
}

function readEmbedding({ data, shape, manifest }: Answer): RunResult {
  const [vector] = poolVectors(data, shape, manifest.pooling)
  if (!vector || !isFiniteVector(vector))
    throw errors.MODEL_FAILED({ reason: 'its vector holds numbers that are not finite' })
  return { vector: Float32Array.from(vector) }
}

const sigmoidOrNone = ({ activation }: EffectiveManifest): 'sigmoid' | 'none' =>
  activation === 'sigmoid' ? 'sigmoid' : 'none'

/** What is done with the answer of a graph, by its manifest's `output`. A new format is a row here and a reader in `vision`. */
export const tasks = Object.freeze({
  yolov8: { does: 'detection', read: readYolov8 },
  yolox: { does: 'detection', read: readYolox },
  embedding: { does: 'embedding', read: readEmbedding },
} satisfies Record<RunnableOutput, Task>)

/** The manifest's own task row; `requireRunnable` has let only these through. */
export const taskOf = ({ output }: EffectiveManifest): Task => tasks[output as RunnableOutput]
