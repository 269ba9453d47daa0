/** A model by content: what an inference backend needs to find, verify, open and read the answers of it. */
export interface ModelRef {
  /** For messages only. */
  name: string
  /** SHA-256 of the model file, lower-case hex. */
  sha256: string
  byteSize: number
  /** Where the bytes can be had for the next minutes. */
  url: string
  /** The keys of `model.yaml`, defaults not filled in. */
  manifest: Readonly<Record<string, unknown>>
  labels: readonly string[]
  /** ONNX: the file is the graph. PYTHON: a package, tar or tar.gz, with `code/inference.py`. */
  runtime: 'ONNX' | 'PYTHON'
  application: 'AUTO_TAGGING' | 'AUTO_ANNOTATION' | 'EMBEDDING'
}

export interface TensorSpec {
  name: string
  /** float32, uint8, ... */
  type: string
  /** -1 for a free dimension. */
  shape: number[]
}

export interface ModelFacts {
  inputs: TensorSpec[]
  outputs: TensorSpec[]
  /** Null when the graph takes any size that is a multiple of `stride`. */
  fixedResolution: { width: number; height: number } | null
  stride: number
  /** Length of an embedding model's vector; null for others. */
  vectorDimension: number | null
  warmupMs: number
  /** PYTHON: how the requirements were installed; null when there were none, and for graphs. */
  installLog: string | null
}

/** What an inference service can run. */
export interface ServiceFacts {
  /** Models with `inference.py` are taken. */
  runsPython: boolean
  /** Null: no Python was found. */
  pythonVersion: string | null
  sandbox: 'BUBBLEWRAP' | 'NONE'
  /** For people: what was found at the start, and what follows from it. */
  sandboxDetail: string
}

export interface Picture {
  /** The caller's own name for it; comes back with the result. */
  id: string
  data: Uint8Array
}

/** One picture failed; the others did not. */
export interface PictureError {
  code: string
  message: string
}

export interface PictureInfo {
  /** Decided by the bytes, e.g. `image/webp`. */
  mediaType: string
  /** Pixels, after EXIF orientation. */
  width: number
  height: number
  /** WebP; empty when none was asked for. */
  thumbnail: Uint8Array
}

/** Fractions of the upright picture, top-left origin. */
export interface DetectionBox {
  x: number
  y: number
  width: number
  height: number
}

export interface Detection {
  label: string
  confidence: number
  /** Null: the label is of the picture as a whole. */
  box: DetectionBox | null
}

export interface DetectOptions {
  /** The box a picture is fitted into, already rounded up to the model's stride. */
  width: number
  height: number
  /** 0..1; what scores below is dropped. */
  confidenceThreshold: number
  /** Class-wise non-maximum suppression drops a box that overlaps a better one of its class by more than this IoU. */
  nmsIou: number
  maxDetections: number
  /** Of the model's labels, those that are wanted; left out: all. What else is found takes no place of `maxDetections`. */
  labels?: readonly string[] | undefined
  /** 0..1 by label, in place of `confidenceThreshold`. */
  labelThresholds?: ReadonlyMap<string, number> | undefined
}

export type DetectResult = { id: string; detections: Detection[] } | { id: string; error: PictureError }
export type EmbedResult = { id: string; vector: Float32Array } | { id: string; error: PictureError }

export interface CallOptions {
  signal?: AbortSignal
  /** Milliseconds the whole call may take, retries included. */
  timeoutMs?: number
}

/**
 * Where models run. Results come in the order of the pictures, one each: n in, n out, asserted.
 * A fault of the service itself is thrown as a `LakeError` with `facts.retryable`; a fault of one picture is its result.
 */
export interface InferenceBackend {
  /** Decodes in full, names the type by its bytes, and makes a thumbnail of at most `thumbnailSize` pixels a side. */
  probe(data: Uint8Array, thumbnailSize: number, options?: CallOptions): Promise<PictureInfo | { error: PictureError }>
  loadModel(model: ModelRef, options?: CallOptions): Promise<ModelFacts>
  detect(
    model: ModelRef,
    pictures: readonly Picture[],
    parameters: DetectOptions,
    options?: CallOptions,
  ): Promise<DetectResult[]>
  embed(model: ModelRef, pictures: readonly Picture[], options?: CallOptions): Promise<EmbedResult[]>
  /** Of the first service that answers. */
  describe(options?: CallOptions): Promise<ServiceFacts>
  /** True once the service answers and is ready to take work. */
  isReady(options?: CallOptions): Promise<boolean>
  close(): Promise<void>
}
