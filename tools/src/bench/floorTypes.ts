import type { Detection } from '@lakelens/vision'
import type { KernelEnum } from 'sharp'

/** What may be varied to find the best arrangement; the defaults are the best one found. */
export interface FloorVariant {
  /** Pictures decoded ahead of the one that is in the model. */
  prefetch?: number
  kernel?: keyof KernelEnum
  /** Whether profiles that are sRGB anyway are left unconverted. */
  skipSrgbProfiles?: boolean
  sequentialRead?: boolean
  sharpConcurrency?: number
  /** False: pads to the whole box. */
  rectangular?: boolean
}

export interface FloorOptions {
  /** An ONNX file. */
  modelFile: string
  /** The keys of `model.yaml`, as `models.json` holds them. */
  manifest: unknown
  kind: 'detect' | 'embed'
  files: readonly string[]
  /** The box of a detector; an embedding model says its own. */
  resolution?: { width: number; height: number }
  /** One session a thread. Default 2. */
  threads?: number
  /** Passes over all files, each timed by itself. Default 3. */
  rounds?: number
  confidenceThreshold?: number
  nmsIou?: number
  maxDetections?: number
  variant?: FloorVariant
}

/** Milliseconds of work a picture, summed over threads; decoding overlaps the rest. */
export interface FloorParts {
  /** Waiting for the decoder: what prefetching did not hide. */
  wait: number
  pack: number
  run: number
  /** Decoding the answer and suppression, or copying the vector. */
  read: number
}

/** The answer for one file. */
export type FloorAnswer = { detections: Detection[] } | { vector: Float32Array }

export interface FloorResult {
  /** Median of the rounds. */
  imagesPerSecond: number
  rounds: number[]
  /** Process CPU time a picture, in milliseconds. */
  cpuPerImage: number
  parts: FloorParts
  /** Of the last round, in the order of `files`. */
  answers: FloorAnswer[]
}

export type WorkerRequest = { round: number }
export type WorkerReply =
  { type: 'ready' } | { type: 'done'; parts: FloorParts; answers: { index: number; answer: FloorAnswer }[] }

export interface WorkerSetup {
  options: Required<Omit<FloorOptions, 'variant' | 'rounds' | 'threads'>> & { variant: Required<FloorVariant> }
  /** One Int32: the next file nobody has taken. */
  next: SharedArrayBuffer
}
