import type { Logger } from '@lakelens/kernel'
import type {
  DescribeResponseMessage,
  DetectResponseMessage,
  EmbedResponseMessage,
  LoadModelResponseMessage,
  ProbeResponseMessage,
} from '@lakelens/proto'
import {
  readDetection,
  readModelFacts,
  readPictureError,
  readProbed,
  readServiceFacts,
  readVector,
  resultsFor,
  wireModel,
  wireParameters,
} from './answers'
import type { CallOptions, InferenceBackend } from './backend'
import { type Answered, type Call, ServiceLost, callService } from './call'
import { type Connection, healthOf, openConnections } from './connections'
import { errors } from './errors'
import { askInParts, deadly, tooLarge } from './inParts'

export interface GrpcBackendOptions {
  /** host:port of each inference service; calls go to them in turn. */
  addresses: readonly string[]
  log: Logger
}

/** Milliseconds a call may take when its caller doesn't say. Loading may have to fetch hundreds of megabytes first. */
const defaultTimeouts = { probe: 120_000, loadModel: 900_000, predict: 300_000, ready: 2_000 }

interface Limits {
  deadline: number
  signal: AbortSignal | undefined
}

const limits = ({ signal, timeoutMs }: CallOptions, defaultMs: number): Limits => ({
  deadline: Date.now() + (timeoutMs ?? defaultMs),
  signal,
})

/** The inference service of this project, over gRPC. Connects when first used; never fails at being made. */
export function createGrpcBackend({ addresses, log }: GrpcBackendOptions): InferenceBackend {
  const connections = openConnections(addresses)
  let closed = false

  const call = <Response>(made: Call<Response>): Promise<Answered<Response>> => {
    if (closed) return Promise.reject(errors.INFERENCE_CLOSED({ retryable: false }))
    return callService(connections, log, made)
  }

  return {
    async probe(data, thumbnailSize, options = {}) {
      const refused = tooLarge(data)
      if (refused) return { error: refused }
      try {
        const { address, response } = await call<ProbeResponseMessage>({
          ...limits(options, defaultTimeouts.probe),
          start: ({ client }, callOptions, answer) => client.Probe({ data, thumbnailSize }, callOptions, answer),
        })
        return readProbed(response, address)
      } catch (error) {
        if (error instanceof ServiceLost) return { error: deadly }
        throw error
      }
    },

    async loadModel(model, options = {}) {
      try {
        const { response } = await call<LoadModelResponseMessage>({
          ...limits(options, defaultTimeouts.loadModel),
          start: ({ client }, callOptions, answer) =>
            client.LoadModel({ model: wireModel(model) }, callOptions, answer),
        })
        return readModelFacts(response)
      } catch (error) {
        throw error instanceof ServiceLost ? error.asLakeError() : error
      }
    },

    detect(model, pictures, parameters, options = {}) {
      const within = limits(options, defaultTimeouts.predict)
      return askInParts(pictures, log, async (part) => {
        const request = { model: wireModel(model), pictures: [...part], ...wireParameters(parameters) }
        const { address, response } = await call<DetectResponseMessage>({
          ...within,
          start: ({ client }, callOptions, answer) => client.Detect(request, callOptions, answer),
        })
        return resultsFor(part, response.results, address).map(({ id, detections, error }) =>
          error ? { id, error: readPictureError(error) } : { id, detections: detections.map(readDetection) },
        )
      })
    },

    embed(model, pictures, options = {}) {
      const within = limits(options, defaultTimeouts.predict)
      return askInParts(pictures, log, async (part) => {
        const request = { model: wireModel(model), pictures: [...part] }
        const { address, response } = await call<EmbedResponseMessage>({
          ...within,
          start: ({ client }, callOptions, answer) => client.Embed(request, callOptions, answer),
        })
        return resultsFor(part, response.results, address).map(({ id, vector, error }) =>
          error ? { id, error: readPictureError(error) } : { id, vector: readVector(vector, address) },
        )
      })
    },

    async describe(options = {}) {
      const { response } = await call<DescribeResponseMessage>({
        ...limits(options, defaultTimeouts.ready),
        start: ({ client }, callOptions, answer) => client.Describe({}, callOptions, answer),
      })
      return readServiceFacts(response)
    },

    isReady: (options = {}) => anyReady(connections.all, limits(options, defaultTimeouts.ready)),

    close() {
      closed = true
      for (const connection of connections.all) connection.close()
      return Promise.resolve()
    },
  }
}

async function anyReady(connections: readonly Connection[], { deadline, signal }: Limits): Promise<boolean> {
  signal?.throwIfAborted()
  const isServing = ({ check }: Connection): Promise<boolean> =>
    new Promise((resolve) => {
      const call = check({ service: healthOf }, { deadline }, (error, response) => {
        signal?.removeEventListener('abort', onAbort)
        resolve(!error && response?.status === 'SERVING')
      })
      const onAbort = (): void => call.cancel()
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  const ready = connections.map(async (connection) => {
    if (!(await isServing(connection))) throw new Error(`${connection.address} is not ready`)
    return true
  })
  // The first that is ready answers for all: one that hangs must not hide it until the time is up.
  return Promise.any(ready).catch(() => false)
}
