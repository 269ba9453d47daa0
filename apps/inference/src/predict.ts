import { isLakeError, messageOf } from '@lakelens/kernel'
import { type Size, placePicture } from '@lakelens/vision'
import { decodePicture } from './decode'
import { errors } from './errors'
import type { Gate } from './gate'
import type { LoadedModel } from './models'
import type { ThreadPool } from './pool'
import type { DetectParameters, RunResult } from './threadProtocol'

export interface PictureFailure {
  code: string
  message: string
}

export type Prediction = RunResult | { error: PictureFailure }

export interface PredictRequest {
  model: LoadedModel
  pictures: readonly Uint8Array[]
  /** The box pictures are fitted into; a graph of fixed size overrules it. Null: only a fixed size will do. */
  box: Size | null
  detect: DetectParameters | null
}

export type Predict = (request: PredictRequest, signal: AbortSignal) => Promise<Prediction[]>

/**
 * One answer a picture, in their order. Pictures go one by one through the gate (decoding, waiting or running: four a
 * thread), so that decoding overlaps inference and the requests of several callers overlap each other. They are not put
 * together into one tensor: on CPUs that gained nothing, and at 640 pixels batches of 8 were slower.
 */
export function createPredict(pool: ThreadPool, inHand: Gate): Predict {
  const runOnce = async (picture: Uint8Array, request: PredictRequest, signal: AbortSignal): Promise<RunResult> => {
    const { model, box, detect } = request
    const { fixedResolution } = model.opened
    const side = fixedResolution ?? box
    if (!side)
      throw errors.REQUEST_INVALID({ field: 'width and height', reason: 'are missing, and the model takes any size' })
    const place = (size: Size) => placePicture(size, side, fixedResolution !== null, model.manifest.input)
    const { pixels, size, placement } = await decodePicture(picture, place, signal)
    return pool.run({ key: model.key, pixels, size, placement, detect }, signal)
  }

  const predictOne = async (picture: Uint8Array, request: PredictRequest, signal: AbortSignal): Promise<Prediction> => {
    const leave = await inHand.enter(1, signal)
    try {
      // Once more when the thread was lost: the picture may have had nothing to do with it.
      return await runOnce(picture, request, signal).catch((error: unknown) => {
        if (isThreadLost(error)) return runOnce(picture, request, signal)
        throw error
      })
    } catch (error) {
      signal.throwIfAborted()
      return { error: pictureFailure(error) }
    } finally {
      leave()
    }
  }

  return (request, signal) => Promise.all(request.pictures.map((picture) => predictOne(picture, request, signal)))
}

const isThreadLost = (error: unknown): boolean => isLakeError(error) && error.code === 'THREAD_LOST'

const ownFaults = ['MEDIA_UNREADABLE', 'CONTENT_TYPE_UNSUPPORTED', 'LIMIT_EXCEEDED', 'MODEL_FAILED']

/** What is wrong with the picture itself keeps its code; whatever else went wrong, the model failed on it. */
export function pictureFailure(error: unknown): PictureFailure {
  if (isLakeError(error) && ownFaults.includes(error.code)) return { code: error.code, message: error.message }
  const { code, message } = errors.MODEL_FAILED({
    reason: messageOf(error)
      .split('\n', 1)[0]!
      .replace(/[\s.]+$/, ''),
  })
  return { code, message }
}
