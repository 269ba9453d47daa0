import type { ErrorCategory } from '@lakelens/kernel'
import type { Classification, Detection, EffectiveManifest, Placement, SettledManifest, Size } from '@lakelens/vision'

/** What a thread needs to open a model. */
export interface OpenModel {
  /** Names this pairing of file, manifest and labels from now on. */
  key: string
  /** For messages only. */
  name: string
  path: string
  manifest: EffectiveManifest
  /** How many labels there are. */
  classes: number
}

export interface TensorFacts {
  name: string
  type: string
  /** -1: free. */
  shape: number[]
}

/** What a model turned out to be once it was opened and had answered. */
export interface OpenedModel {
  inputs: TensorFacts[]
  outputs: TensorFacts[]
  /** Null: any multiple of the manifest's stride. */
  fixedResolution: Size | null
  vectorDimension: number | null
  /** With what its format left to the graph. */
  manifest: SettledManifest
  warmupMs: number
}

export interface DetectParameters {
  confidenceThreshold: number
  nmsIou: number
  maxDetections: number
  /** Null: every class is wanted, at `confidenceThreshold`. Else that is the least of what stands here. */
  classThresholds: ClassThresholds | null
}

/** By class id: the score from which on the class is wanted, 0..1; Infinity: it is not wanted. */
export type ClassThresholds = readonly number[]

export interface RunPicture {
  key: string
  /** RGB, 8 bits. Moved to the thread, not copied. */
  pixels: Uint8Array<ArrayBuffer>
  size: Size
  placement: Placement
  /** Null for embeddings. */
  detect: DetectParameters | null
}

/** `labels` are of the picture as a whole. */
export type RunResult =
  { detections: Detection[] } | { labels: Classification[] } | { vector: Float32Array<ArrayBuffer> }

export type ThreadRequest = { id: number } & (
  | { kind: 'warmUp' }
  | { kind: 'open'; model: OpenModel }
  | { kind: 'close'; key: string }
  | { kind: 'run'; run: RunPicture }
)

/** Asks a thread to end by itself, once what it has in hand is done. It gives no reply. */
export const endThread = 'end'

export interface ThreadReplies {
  warmUp: undefined
  open: OpenedModel
  close: undefined
  run: RunResult
}

/** A `LakeError` as it crosses the thread boundary, where classes are lost. */
export interface ErrorRecord {
  code: string
  category: ErrorCategory
  message: string
  facts: Readonly<Record<string, unknown>>
}

export type ThreadReply = { id: number; value: ThreadReplies[keyof ThreadReplies] } | { id: number; error: ErrorRecord }
