import type {
  DescribeResponseMessage,
  DetectionMessage,
  LoadModelResponseMessage,
  PictureErrorMessage,
  ProbeResponseMessage,
} from '@lakelens/proto'
import type {
  DetectOptions,
  Detection,
  InferenceBackend,
  ModelFacts,
  ModelRef,
  Picture,
  PictureError,
  ServiceFacts,
} from './backend'
import { errors } from './errors'

/** The generated types and ours, side by side: what goes out, and what may be believed of what comes back. */
export const wireModel = ({ name, sha256, byteSize, url, manifest, labels, runtime, application }: ModelRef) => ({
  name,
  sha256,
  byteSize,
  url,
  manifestJson: JSON.stringify(manifest),
  labels: [...labels],
  runtime,
  application,
})

export const wireParameters = ({ labels = [], labelThresholds, ...parameters }: DetectOptions) => ({
  ...parameters,
  labels: [...labels],
  labelThresholds: [...(labelThresholds ?? [])].map(([label, confidenceThreshold]) => ({ label, confidenceThreshold })),
})

export const readPictureError = ({ code, message }: PictureErrorMessage): PictureError => ({ code, message })

export function readProbed(
  { info, error }: ProbeResponseMessage,
  address: string,
): Awaited<ReturnType<InferenceBackend['probe']>> {
  if (error) return { error: readPictureError(error) }
  if (!info) throw invalid(address, 'it says nothing about the picture')
  const { mediaType, width, height, thumbnail } = info
  return { mediaType, width, height, thumbnail: new Uint8Array(thumbnail) }
}

export function readModelFacts(response: LoadModelResponseMessage): ModelFacts {
  const { inputs, outputs, fixedWidth, fixedHeight, stride, vectorDimension, warmupMs, installLog } = response
  return {
    inputs,
    outputs,
    fixedResolution: fixedWidth > 0 && fixedHeight > 0 ? { width: fixedWidth, height: fixedHeight } : null,
    stride,
    vectorDimension: vectorDimension || null,
    warmupMs,
    installLog: installLog || null,
  }
}

export const readDetection = ({
  label,
  confidence,
  x,
  y,
  width,
  height,
  wholePicture,
}: DetectionMessage): Detection => ({
  label,
  confidence,
  box: wholePicture ? null : { x, y, width, height },
})

export function readServiceFacts(response: DescribeResponseMessage): ServiceFacts {
  const { runsPython, pythonVersion, sandbox, sandboxDetail } = response
  return {
    runsPython,
    pythonVersion: pythonVersion || null,
    sandbox: sandbox === 'BUBBLEWRAP' ? 'BUBBLEWRAP' : 'NONE',
    sandboxDetail,
  }
}

/** n in, n out, in order: an answer about another picture would end up on the wrong item, silently. */
export function resultsFor<R extends { id: string }>(
  pictures: readonly Picture[],
  results: readonly R[],
  address: string,
): readonly R[] {
  if (results.length !== pictures.length) {
    throw invalid(address, `${results.length} results for ${pictures.length} pictures`)
  }
  const misplaced = pictures.findIndex(({ id }, i) => results[i]?.id !== id)
  if (misplaced !== -1) throw invalid(address, `result ${misplaced} is not about picture ${misplaced}`)
  return results
}

/** Copied: the bytes lie in the received message, at an offset that need not be a multiple of four, and would keep all of it alive. */
export function readVector(bytes: Uint8Array, address: string): Float32Array {
  if (bytes.byteLength === 0 || bytes.byteLength % 4 !== 0) {
    throw invalid(address, `a vector of ${bytes.byteLength} bytes`)
  }
  return new Float32Array(new Uint8Array(bytes).buffer)
}

const invalid = (address: string, reason: string): Error =>
  errors.INFERENCE_ANSWER_INVALID({ address, reason, retryable: false })
