import { isLakeError } from '@lakelens/kernel'
import type {
  DescribeResponse,
  DetectRequestMessage,
  DetectResponse,
  EmbedRequestMessage,
  EmbedResponse,
  LoadModelRequestMessage,
  LoadModelResponse,
  ModelRefMessage,
  PictureMessage,
  ProbeRequestMessage,
  ProbeResponse,
} from '@lakelens/proto'
import type { Size } from '@lakelens/vision'
import { errors } from './errors'
import type { Admission, Gate } from './gate'
import type { LoadedModel, ModelReference, Models } from './models'
import { type Predict, type Prediction, pictureFailure } from './predict'
import { probePicture } from './probe'
import type { ParsedDetection } from './python/parseAnswer'
import type { PythonReference } from './python/pythonModels'
import type { Outcome, PythonRuntime } from './python/runtime'
import type { ClassThresholds, DetectParameters } from './threadProtocol'

export interface HandlerParts {
  models: Models
  predict: Predict
  python: PythonRuntime
  /** Pictures for models. */
  queue: Admission
  /** Probing has a lane of its own, so that an upload is not behind a thousand detections. */
  probeQueue: Admission
  probing: Gate
}

export interface Handlers {
  probe(request: ProbeRequestMessage, signal: AbortSignal): Promise<ProbeResponse>
  loadModel(request: LoadModelRequestMessage, signal: AbortSignal): Promise<LoadModelResponse>
  detect(request: DetectRequestMessage, signal: AbortSignal): Promise<DetectResponse>
  embed(request: EmbedRequestMessage, signal: AbortSignal): Promise<EmbedResponse>
  describe(): Promise<DescribeResponse>
}

const maxThumbnail = 4096

export function createHandlers({ models, predict, python, queue, probeQueue, probing }: HandlerParts): Handlers {
  return {
    async probe({ data, thumbnailSize }, signal) {
      requireRange('thumbnailSize', thumbnailSize, 0, maxThumbnail)
      const giveBack = probeQueue.admit(1, data.length)
      try {
        const leave = await probing.enter(1, signal)
        const { mediaType, size, thumbnail } = await probePicture(data, thumbnailSize, signal).finally(leave)
        return { info: { mediaType, ...size, thumbnail } }
      } catch (error) {
        if (!isLakeError(error)) throw error
        return { error: pictureFailure(error) }
      } finally {
        giveBack()
      }
    },

    loadModel(request, signal) {
      const model = reference(request.model)
      return isPython(model)
        ? python.load(model, signal)
        : models.using(model, signal, (loaded) => Promise.resolve(modelFacts(loaded)))
    },

    async detect(request, signal) {
      const model = reference(request.model)
      const detect = detectParameters(request, model.labels)
      const box = requestedBox(request)
      const pictures = request.pictures.map(({ data }) => data)
      if (isPython(model)) {
        const outcomes = await admitted(queue, pictures, () =>
          python.detect(model, pictures, { box, ...detect }, signal),
        )
        return {
          results: answerEach(request.pictures, outcomes, ({ detections }) => ({ detections: detections.map(onWire) })),
        }
      }
      const predictions = await admitted(queue, pictures, () =>
        models.using(model, signal, (loaded) => {
          requireTask(loaded, 'detection')
          requireMultiple(box, loaded)
          return predict({ model: loaded, pictures, box, detect }, signal)
        }),
      )
      const { labels } = model
      return { results: answerEach(request.pictures, predictions, (one) => ({ detections: labelled(one, labels) })) }
    },

    async embed(request, signal) {
      const model = reference(request.model)
      const pictures = request.pictures.map(({ data }) => data)
      if (isPython(model)) {
        const outcomes = await admitted(queue, pictures, () => python.embed(model, pictures, signal))
        return { results: answerEach(request.pictures, outcomes, (one) => ({ vector: vectorBytes(one) })) }
      }
      const predictions = await admitted(queue, pictures, () =>
        models.using(model, signal, (loaded) => {
          requireTask(loaded, 'embedding')
          return predict({ model: loaded, pictures, box: null, detect: null }, signal)
        }),
      )
      return { results: answerEach(request.pictures, predictions, (one) => ({ vector: vectorBytes(one) })) }
    },

    describe: () => python.describe(),
  }
}

async function admitted<T>(queue: Admission, pictures: readonly Uint8Array[], work: () => Promise<T>): Promise<T> {
  const giveBack = queue.admit(
    pictures.length,
    pictures.reduce((sum, data) => sum + data.length, 0),
  )
  try {
    return await work()
  } finally {
    giveBack()
  }
}

type RoutedReference = ({ runtime: 'ONNX' } & ModelReference) | ({ runtime: 'PYTHON' } & PythonReference)

/** Callers of before there was a choice name no runtime: theirs are graphs. */
function reference(model: ModelRefMessage | null): RoutedReference {
  if (!model) throw errors.REQUEST_INVALID({ field: 'model', reason: 'is missing' })
  const runtime = model.runtime || 'ONNX'
  if (runtime === 'ONNX' || runtime === 'PYTHON') return { ...model, runtime }
  throw errors.REQUEST_INVALID({
    field: 'model.runtime',
    reason: `is ${JSON.stringify(runtime)}; this service runs ONNX and PYTHON`,
  })
}

const isPython = (model: RoutedReference): model is { runtime: 'PYTHON' } & PythonReference =>
  model.runtime === 'PYTHON'

function modelFacts({ manifest, opened }: LoadedModel): LoadModelResponse {
  const { inputs, outputs, fixedResolution, vectorDimension, warmupMs } = opened
  return {
    inputs,
    outputs,
    fixedWidth: fixedResolution?.width ?? 0,
    fixedHeight: fixedResolution?.height ?? 0,
    stride: manifest.input.stride,
    vectorDimension: vectorDimension ?? 0,
    warmupMs,
  }
}

const maxDetectionsAllowed = 10_000

function detectParameters(request: DetectRequestMessage, labels: readonly string[]): DetectParameters {
  const { confidenceThreshold, nmsIou, maxDetections } = request
  requireRange('confidenceThreshold', confidenceThreshold, 0, 1)
  requireRange('nmsIou', nmsIou, 0, 1)
  requireRange('maxDetections', maxDetections, 1, maxDetectionsAllowed)
  const classThresholds = readClassThresholds(request, labels)
  return {
    // Nothing below any class's own threshold need be looked at.
    confidenceThreshold: classThresholds ? Math.min(1, ...new Set(classThresholds)) : confidenceThreshold,
    nmsIou,
    maxDetections,
    classThresholds,
  }
}

/** By class id; null where nothing is said of single labels. A label that several classes have is meant of all of them. */
function readClassThresholds(request: DetectRequestMessage, labels: readonly string[]): ClassThresholds | null {
  const { labels: wanted, labelThresholds, confidenceThreshold } = request
  if (wanted.length === 0 && labelThresholds.length === 0) return null
  const known = new Set(labels)
  const requireKnown = (field: string, label: string): void => {
    if (!known.has(label))
      throw errors.REQUEST_INVALID({ field, reason: `names ${JSON.stringify(label)}, which the model has not` })
  }
  wanted.forEach((label) => requireKnown('labels', label))
  const own = new Map<string, number>()
  for (const { label, confidenceThreshold: threshold } of labelThresholds) {
    requireKnown('labelThresholds', label)
    requireRange('labelThresholds', threshold, 0, 1)
    own.set(label, threshold)
  }
  const isWanted = wanted.length === 0 ? known : new Set(wanted)
  return labels.map((label) => (isWanted.has(label) ? (own.get(label) ?? confidenceThreshold) : Infinity))
}

// The tensor of the largest box is 50 MB a thread, and a detector's activations ten times that.
const maxBoxPixels = 2048 * 2048

function requestedBox({ width, height }: DetectRequestMessage): Size {
  requireRange('width', width, 1, 8192)
  requireRange('height', height, 1, 8192)
  if (width * height > maxBoxPixels) {
    throw errors.REQUEST_INVALID({
      field: 'width and height',
      reason: `are ${width} × ${height}; at most ${maxBoxPixels} pixels (2048 × 2048) are allowed`,
    })
  }
  return { width, height }
}

function requireMultiple({ width, height }: Size, { opened, manifest }: LoadedModel): void {
  const { stride } = manifest.input
  if (opened.fixedResolution || (width % stride === 0 && height % stride === 0)) return
  throw errors.REQUEST_INVALID({
    field: 'width and height',
    reason: `are ${width} × ${height}; this model needs multiples of ${stride}`,
  })
}

/** A classifier answers where a detector does: its labels are of the whole picture. */
function requireTask({ name, manifest }: LoadedModel, asked: 'detection' | 'embedding'): void {
  if ((manifest.task === 'embedding') !== (asked === 'embedding'))
    throw errors.MODEL_TASK_MISMATCH({ name, task: manifest.task, asked })
}

function requireRange(field: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw errors.REQUEST_INVALID({ field, reason: `is ${value}; it must be ${least} to ${most}` })
}

function answerEach<P extends object, T extends object>(
  pictures: readonly PictureMessage[],
  predictions: readonly Outcome<P>[],
  read: (prediction: Exclude<P, { error: unknown }>) => T,
): ({ id: string } & (T | { error: { code: string; message: string } }))[] {
  if (predictions.length !== pictures.length)
    throw new Error(`${pictures.length} pictures got ${predictions.length} answers`)
  return predictions.map((prediction, i) => ({
    id: pictures[i]!.id,
    ...('error' in prediction ? prediction : read(prediction as Exclude<P, { error: unknown }>)),
  }))
}

function labelled(prediction: Exclude<Prediction, { error: unknown }>, labels: readonly string[]): DetectedObject[] {
  const label = (classId: number): string => labels[classId] ?? String(classId)
  if ('labels' in prediction)
    return prediction.labels.map(({ classId, confidence }) => ({
      label: label(classId),
      confidence,
      wholePicture: true,
    }))
  if (!('detections' in prediction)) throw new Error('a detection model answered something else')
  return prediction.detections.map(({ classId, ...rest }) => ({ label: label(classId), ...rest }))
}

const onWire = ({ box, ...rest }: ParsedDetection): DetectedObject =>
  box ? { ...rest, ...box } : { ...rest, wholePicture: true }

interface DetectedObject {
  label: string
  confidence: number
  x?: number
  y?: number
  width?: number
  height?: number
  wholePicture?: boolean
}

function vectorBytes(prediction: Exclude<Prediction, { error: unknown }>): Uint8Array {
  if (!('vector' in prediction)) throw new Error('an embedding model answered something else')
  const { buffer, byteOffset, byteLength } = prediction.vector
  return new Uint8Array(buffer, byteOffset, byteLength)
}
