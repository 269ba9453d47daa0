import type { Logger } from '@lakelens/kernel'
import {
  type DetectResponseMessage,
  type EmbedResponseMessage,
  type LoadModelResponseMessage,
  type PictureErrorMessage,
  type ProbeResponseMessage,
  maxPictureBytes,
} from '@lakelens/proto'
import type { CallOptions, InferenceBackend, ModelFacts, ModelRef, Picture, PictureError } from './backend'
import { cutIntoCalls, mapInOrder } from './batches'
import { type Answered, type Call, ServiceLost, callService } from './call'
import { healthOf, openConnections } from './connections'
import { errors } from './errors'

export interface GrpcBackendOptions {
  /** host:port of each inference service; calls go to them in turn. */
  addresses: readonly string[]
  log: Logger
}

/** Milliseconds a call may take when its caller doesn't say. Loading may have to fetch hundreds of megabytes first. */
const defaultTimeouts = { probe: 120_000, loadModel: 900_000, predict: 300_000, ready: 2_000 }

/** So that the service has the next pictures while the answer to the last is on its way. */
const callsAtOnce = 2

/** The inference service of this project, over gRPC. Connects when first used; never fails at being made. */
export function createGrpcBackend({ addresses, log }: GrpcBackendOptions): InferenceBackend {
  const connections = openConnections(addresses)
  let closed = false

  const call = <Response>(made: Call<Response>): Promise<Answered<Response>> => {
    if (closed) return Promise.reject(errors.INFERENCE_CLOSED({ retryable: false }))
    return callService(connections, log, made)
  }

  // One call; when the service dies of it, picture by picture, so that one that no process survives costs only itself.
  const predictCall = async <R>(
    pictures: readonly Picture[],
    ask: (pictures: readonly Picture[]) => Promise<R[]>,
  ): Promise<(R | Failed)[]> => {
    try {
      return await ask(pictures)
    } catch (error) {
      if (!(error instanceof ServiceLost)) throw error
      const [only] = pictures
      if (pictures.length === 1 && only) return [{ id: only.id, error: deadly }]
      log.warn(
        { pictures: pictures.length },
        'the inference service was lost twice with these pictures; trying them one by one',
      )
      const alone: (R | Failed)[] = []
      for (const picture of pictures) alone.push(...(await predictCall([picture], ask)))
      return alone
    }
  }

  const predict = async <R extends { id: string }>(
    pictures: readonly Picture[],
    ask: (pictures: readonly Picture[]) => Promise<R[]>,
  ): Promise<(R | Failed)[]> => {
    const small = pictures.filter((picture) => !tooLarge(picture.data))
    const answers = (await mapInOrder(cutIntoCalls(small), callsAtOnce, (part) => predictCall(part, ask))).flat()
    let next = 0
    return pictures.map((picture) =>
      tooLarge(picture.data) ? { id: picture.id, error: tooLargeError(picture.data) } : answers[next++]!,
    )
  }

  return {
    async probe(data, thumbnailSize, options = {}) {
      if (tooLarge(data)) return { error: tooLargeError(data) }
      try {
        const request = { data, thumbnailSize }
        const { address, response } = await call<ProbeResponseMessage>({
          start: ({ client }, callOptions, answer) => client.Probe(request, callOptions, answer),
          options,
          defaultTimeoutMs: defaultTimeouts.probe,
        })
        return probed(response, address)
      } catch (error) {
        if (error instanceof ServiceLost) return { error: deadly }
        throw error
      }
    },

    async loadModel(model, options = {}) {
      const request = { model: wireModel(model) }
      const { response } = await withoutLoss(
        call<LoadModelResponseMessage>({
          start: ({ client }, callOptions, answer) => client.LoadModel(request, callOptions, answer),
          options,
          defaultTimeoutMs: defaultTimeouts.loadModel,
        }),
      )
      return modelFacts(response)
    },

    detect: (model, pictures, parameters, options = {}) =>
      predict(pictures, async (part) => {
        const request = { model: wireModel(model), pictures: [...part], ...parameters }
        const { address, response } = await call<DetectResponseMessage>({
          start: ({ client }, callOptions, answer) => client.Detect(request, callOptions, answer),
          options,
          defaultTimeoutMs: defaultTimeouts.predict,
        })
        return answersFor(part, response.results, address).map(({ id, detections, error }) =>
          error ? { id, error: pictureError(error) } : { id, detections },
        )
      }),

    embed: (model, pictures, options = {}) =>
      predict(pictures, async (part) => {
        const request = { model: wireModel(model), pictures: [...part] }
        const { address, response } = await call<EmbedResponseMessage>({
          start: ({ client }, callOptions, answer) => client.Embed(request, callOptions, answer),
          options,
          defaultTimeoutMs: defaultTimeouts.predict,
        })
        return answersFor(part, response.results, address).map(({ id, vector, error }) =>
          error ? { id, error: pictureError(error) } : { id, vector: readVector(vector, address) },
        )
      }),

    isReady: (options = {}) => anyReady(connections.all, options),

    close() {
      closed = true
      for (const connection of connections.all) connection.close()
      return Promise.resolve()
    },
  }
}

interface Failed {
  id: string
  error: PictureError
}

const deadly: PictureError = {
  code: 'MODEL_FAILED',
  message:
    'The inference service ended each time it was given this picture. Export the picture again, or leave it out.',
}

const MiB = 1024 * 1024
const tooLarge = (data: Uint8Array): boolean => data.byteLength > maxPictureBytes
const tooLargeError = (data: Uint8Array): PictureError => ({
  code: 'LIMIT_EXCEEDED',
  message: `The picture has ${Math.ceil(data.byteLength / MiB)} MiB; the limit is ${maxPictureBytes / MiB} MiB. Make it smaller and upload it again.`,
})

async function withoutLoss<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (error) {
    throw error instanceof ServiceLost ? error.failure.error : error
  }
}

const wireModel = ({ name, sha256, byteSize, url, manifest, labels }: ModelRef) => ({
  name,
  sha256,
  byteSize,
  url,
  manifestJson: JSON.stringify(manifest),
  labels: [...labels],
})

const pictureError = ({ code, message }: PictureErrorMessage): PictureError => ({ code, message })

function probed(
  { info, error }: ProbeResponseMessage,
  address: string,
): Awaited<ReturnType<InferenceBackend['probe']>> {
  if (error) return { error: pictureError(error) }
  if (!info)
    throw errors.INFERENCE_ANSWER_INVALID({ address, reason: 'it says nothing about the picture', retryable: false })
  const { mediaType, width, height, thumbnail } = info
  return { mediaType, width, height, thumbnail: new Uint8Array(thumbnail) }
}

function modelFacts(response: LoadModelResponseMessage): ModelFacts {
  const { inputs, outputs, fixedWidth, fixedHeight, stride, vectorDimension, warmupMs } = response
  return {
    inputs,
    outputs,
    fixedResolution: fixedWidth > 0 && fixedHeight > 0 ? { width: fixedWidth, height: fixedHeight } : null,
    stride,
    vectorDimension: vectorDimension || null,
    warmupMs,
  }
}

/** n in, n out, in order: an answer about another picture would end up on the wrong item, silently. */
function answersFor<R extends { id: string }>(
  pictures: readonly Picture[],
  results: readonly R[],
  address: string,
): readonly R[] {
  const misplaced = pictures.findIndex(({ id }, i) => results[i]?.id !== id)
  if (results.length === pictures.length && misplaced === -1) return results
  const reason =
    misplaced === -1
      ? `${results.length} results for ${pictures.length} pictures`
      : `result ${misplaced} is not about picture ${misplaced}`
  throw errors.INFERENCE_ANSWER_INVALID({ address, reason, retryable: false })
}

/** Copied: the bytes lie in the received message, whose offset need not be a multiple of four, and would keep all of it alive. */
function readVector(bytes: Uint8Array, address: string): Float32Array {
  if (bytes.byteLength === 0 || bytes.byteLength % 4 !== 0) {
    throw errors.INFERENCE_ANSWER_INVALID({
      address,
      reason: `a vector of ${bytes.byteLength} bytes`,
      retryable: false,
    })
  }
  return new Float32Array(new Uint8Array(bytes).buffer)
}

async function anyReady(
  connections: ReturnType<typeof openConnections>['all'],
  { signal, timeoutMs = defaultTimeouts.ready }: CallOptions,
): Promise<boolean> {
  signal?.throwIfAborted()
  const calls = connections.map(
    ({ check }) =>
      new Promise<boolean>((resolve) => {
        const call = check({ service: healthOf }, { deadline: Date.now() + timeoutMs }, (error, response) => {
          signal?.removeEventListener('abort', onAbort)
          resolve(!error && response?.status === 'SERVING')
        })
        const onAbort = (): void => call.cancel()
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
  )
  // The first that is ready answers for all: one that hangs must not hide it until the time is up.
  return Promise.any(calls.map(async (ready) => (await ready) || Promise.reject(new Error('not ready')))).catch(
    () => false,
  )
}
