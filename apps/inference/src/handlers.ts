import { isLakeError } from '@lakelens/kernel'
import type {
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
import type { Size, Task } from '@lakelens/vision'
import { errors } from './errors'
import type { Admission, Gate } from './gate'
import type { LoadedModel, ModelReference, Models } from './models'
import { type Predict, type Prediction, pictureFailure } from './predict'
import { probePicture } from './probe'
import type { DetectParameters } from './threadProtocol'

export interface HandlerParts {
  models: Models
  predict: Predict
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
}

const maxThumbnail = 4096

export function createHandlers({ models, predict, queue, probeQueue, probing }: HandlerParts): Handlers {
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

    loadModel: (request, signal) =>
      models.using(reference(request.model), signal, (model) => Promise.resolve(modelFacts(model))),

    async detect(request, signal) {
      const detect = detectParameters(request)
      const box = requestedBox(request)
      const pictures = request.pictures.map(({ data }) => data)
      const predictions = await admitted(queue, pictures, () =>
        models.using(reference(request.model), signal, (model) => {
          requireTask(model, 'detection')
          requireMultiple(box, model)
          return predict({ model, pictures, box, detect }, signal)
        }),
      )
      const labels = request.model?.labels ?? []
      return { results: answerEach(request.pictures, predictions, (one) => ({ detections: labelled(one, labels) })) }
    },

    async embed(request, signal) {
      const pictures = request.pictures.map(({ data }) => data)
      const predictions = await admitted(queue, pictures, () =>
        models.using(reference(request.model), signal, (model) => {
          requireTask(model, 'embedding')
          return predict({ model, pictures, box: null, detect: null }, signal)
        }),
      )
      return { results: answerEach(request.pictures, predictions, (one) => ({ vector: vectorBytes(one) })) }
    },
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

function reference(model: ModelRefMessage | null): ModelReference {
  if (!model) throw errors.REQUEST_INVALID({ field: 'model', reason: 'is missing' })
  return model
}

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

function detectParameters({ confidenceThreshold, nmsIou, maxDetections }: DetectRequestMessage): DetectParameters {
  requireRange('confidenceThreshold', confidenceThreshold, 0, 1)
  requireRange('nmsIou', nmsIou, 0, 1)
  requireRange('maxDetections', maxDetections, 1, maxDetectionsAllowed)
  return { confidenceThreshold, nmsIou, maxDetections }
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

function requireTask({ name, manifest }: LoadedModel, asked: Task): void {
  if (manifest.task !== asked) throw errors.MODEL_TASK_MISMATCH({ name, task: manifest.task, asked })
}

function requireRange(field: string, value: number, least: number, most: number): void {
  if (!(value >= least && value <= most))
    throw errors.REQUEST_INVALID({ field, reason: `is ${value}; it must be ${least} to ${most}` })
}

function answerEach<T extends object>(
  pictures: readonly PictureMessage[],
  predictions: readonly Prediction[],
  read: (prediction: Exclude<Prediction, { error: unknown }>) => T,
): ({ id: string } & (T | { error: { code: string; message: string } }))[] {
  if (predictions.length !== pictures.length)
    throw new Error(`${pictures.length} pictures got ${predictions.length} answers`)
  return predictions.map((prediction, i) => ({
    id: pictures[i]!.id,
    ...('error' in prediction ? prediction : read(prediction)),
  }))
}

function labelled(prediction: Exclude<Prediction, { error: unknown }>, labels: readonly string[]): DetectedObject[] {
  if (!('detections' in prediction)) throw new Error('a detection model answered something else')
  return prediction.detections.map(({ classId, ...rest }) => ({ label: labels[classId] ?? String(classId), ...rest }))
}

interface DetectedObject {
  label: string
  confidence: number
  x: number
  y: number
  width: number
  height: number
}

function vectorBytes(prediction: Exclude<Prediction, { error: unknown }>): Uint8Array {
  if (!('vector' in prediction)) throw new Error('an embedding model answered something else')
  const { buffer, byteOffset, byteLength } = prediction.vector
  return new Uint8Array(buffer, byteOffset, byteLength)
}
