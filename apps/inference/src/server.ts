import { join } from 'node:path'
import { Server, ServerCredentials, setLogger } from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import type { Logger } from '@lakelens/kernel'
import { type InferenceHandlers, channelOptions, inferenceServiceName, loadInferenceProto } from '@lakelens/proto'
import { HealthImplementation } from 'grpc-health-check'
import type { InferenceConfig } from './config'
import { createAdmission, createGate } from './gate'
import { createHandlers } from './handlers'
import { openModelFiles } from './modelFiles'
import { createModels } from './models'
import { type ThreadEntry, createThreadPool } from './pool'
import { createPredict } from './predict'
import { createPythonRuntime } from './python/runtime'
import { unary } from './unary'

export interface InferenceService {
  /** host:port, with the port really listened on. */
  address: string
  close(): Promise<void>
}

export interface StartOptions {
  /** What the threads run; tests give an entry that compiles the sources. */
  threadEntry?: ThreadEntry
}

const MiB = 1024 * 1024
const queueBytes = 256 * MiB
// Decoding, decoded and waiting, and running: with one or two a thread idles while its next picture is decoded. 3 to 6
// measured the same (0.99 to 1.02 of the bare loop's pictures a second for YOLOv8n at 640, 0.93 to 0.96 for MobileNetV2).
const inHandPerThread = 4
const probeQueuePictures = 256
const drainMs = 10_000

/** Listens, then starts its threads; health says SERVING once they have run a graph. Calls that come earlier wait. */
export async function startInference(
  config: InferenceConfig,
  log: Logger,
  options: StartOptions = {},
): Promise<InferenceService> {
  // grpc-js would write to stderr in a format of its own what it also throws.
  const quiet = (...parts: unknown[]): void => log.debug({ grpc: parts }, 'grpc-js')
  setLogger({ error: quiet, info: quiet, debug: quiet })
  const files = await openModelFiles(join(config.dataDir, 'models'))
  const health = new HealthImplementation({ '': 'NOT_SERVING', [inferenceServiceName]: 'NOT_SERVING' })
  const setServing = (serving: boolean): void => {
    log.info({ serving }, 'health')
    for (const name of ['', inferenceServiceName]) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING')
  }
  // A connection sends at most so many calls at once: each may hold a message of the largest size.
  const server = new Server({ ...channelOptions, 'grpc.max_concurrent_streams': 64 })
  const { packageDefinition, Inference } = loadInferenceProto()
  const address = await listen(server, config, () => {
    health.addToServer(server)
    new ReflectionService(packageDefinition).addToServer(server)
  })
  const pool = createThreadPool({ size: config.threads, log, onReady: setServing, entry: options.threadEntry })
  const { dataDir, memoryMiB } = config
  const python = createPythonRuntime({ dataDir, files, settings: config.python, memoryMiB, log })
  const handlers = createHandlers({
    python,
    models: createModels({ files, pool, memoryMiB: config.memoryMiB, log }),
    predict: createPredict(pool, createGate(config.threads * inHandPerThread)),
    queue: createAdmission({ pictures: config.queue, bytes: queueBytes }),
    probeQueue: createAdmission({ pictures: probeQueuePictures, bytes: queueBytes }),
    probing: createGate(config.threads),
  })
  const implementation: InferenceHandlers = {
    Probe: unary(log, handlers.probe),
    LoadModel: unary(log, handlers.loadModel),
    Detect: unary(log, handlers.detect),
    Embed: unary(log, handlers.embed),
    Describe: unary(log, handlers.describe),
  }
  server.addService(Inference.service, implementation)
  return {
    address,
    async close() {
      setServing(false)
      await drain(server)
      await Promise.all([pool.end(), python.close()])
    },
  }
}

function listen(server: Server, { host, port }: InferenceConfig, addServices: () => void): Promise<string> {
  addServices()
  return new Promise((resolve, reject) => {
    server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(`${host}:${bound}`),
    )
  })
}

/** Lets the calls in hand end, for a while; then cuts them. */
function drain(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.forceShutdown(), drainMs)
    server.tryShutdown(() => {
      clearTimeout(cut)
      resolve()
    })
  })
}
