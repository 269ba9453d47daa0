import { dirname, join } from 'node:path'
import {
  Metadata,
  type ServiceDefinition,
  credentials,
  loadPackageDefinition,
  makeGenericClientConstructor,
  status,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { type InferenceBackend, type ModelRef, type Picture, createGrpcBackend } from '@lakelens/inference-client'
import { serveFiles } from '@lakelens/inference-client/conformance'
import { silentLogger } from '@lakelens/kernel'
import { type InferenceClient, errorTrailer, loadInferenceProto } from '@lakelens/proto'
import { service as healthDefinition } from 'grpc-health-check'
import { pictureOf, tinyModels, withUrl } from './testing/fixtures'
import { type StartedService, crashingThread, startFromSource } from './testing/startFromSource'

const fixture = tinyModels.model('tiny-detector')
const box = { width: 64, height: 64, confidenceThreshold: 0.5, nmsIou: 0.5, maxDetections: 10 }
// Large enough that a picture takes some tens of milliseconds.
const slow = { ...box, width: 1536, height: 1536 }

let files: Awaited<ReturnType<typeof serveFiles>>
let model: ModelRef
let data: Uint8Array
const pictures = (count: number): Picture[] => Array.from({ length: count }, (_, i) => ({ id: `p${i}`, data }))

beforeAll(async () => {
  files = await serveFiles([fixture.file])
  model = withUrl(fixture, files.urls[0]!)
  data = await pictureOf([[0xff0000, 0x727272]], 32)
})
afterAll(() => files.close())

type Started = { service: StartedService; backend: InferenceBackend; raw: InferenceClient }

async function withService(
  test: (started: Started) => Promise<void>,
  ...settings: Parameters<typeof startFromSource>
): Promise<void> {
  const service = await startFromSource(...settings)
  const backend = createGrpcBackend({ addresses: [service.address], log: silentLogger() })
  const raw = new (loadInferenceProto().Inference)(service.address, credentials.createInsecure())
  try {
    await test({ service, backend, raw })
  } finally {
    raw.close()
    await backend.close()
    await service.close()
  }
}

const wire = ({ manifest, labels, ...rest }: ModelRef): object => ({
  ...rest,
  labels: [...labels],
  manifestJson: JSON.stringify(manifest),
})

interface RawFailure {
  code: status
  metadata: Metadata
}

/** One call without the client's patience. */
const rawDetect = (
  raw: InferenceClient,
  count: number,
  options: object = {},
): Promise<RawFailure | { results: unknown[] }> =>
  new Promise((resolve) => {
    const request = { model: wire(model), pictures: pictures(count), ...slow, ...options }
    raw.Detect(request, (error, response) => resolve(error ?? { results: response!.results }))
  })

const errorIn = ({ metadata }: RawFailure): unknown => JSON.parse((metadata.get(errorTrailer)[0] as Buffer).toString())

test('a full queue refuses at once; the client waits and gets its answer', () =>
  withService(
    async ({ backend, raw }) => {
      await backend.loadModel(model)
      const first = backend.detect(model, pictures(8), slow)
      await new Promise((resolve) => setTimeout(resolve, 30))
      const refused = await rawDetect(raw, 1)
      expect(refused).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
      expect(errorIn(refused as RawFailure)).toMatchObject({ code: 'QUEUE_FULL', facts: { waiting: 8, limit: 8 } })
      // Shares no room with the pictures of models.
      expect(await backend.probe(data, 16)).toMatchObject({ width: 64, height: 32 })
      const second = backend.detect(model, pictures(4), slow)
      expect(await Promise.all([first, second])).toMatchObject([{ length: 8 }, { length: 4 }])
    },
    { queue: 8, threads: 1 },
  ))

test('a request that could never fit says so instead', () =>
  withService(
    async ({ raw }) => {
      const refused = await rawDetect(raw, 9)
      expect(refused).toMatchObject({ code: status.INVALID_ARGUMENT })
      expect(errorIn(refused as RawFailure)).toMatchObject({
        code: 'REQUEST_TOO_LARGE',
        facts: { received: 9, limit: 8 },
        message: expect.stringContaining('INFERENCE_QUEUE') as string,
      })
    },
    { queue: 8, threads: 1 },
  ))

test('what a cancelled or overdue call left in the queue is not run', () =>
  withService(
    async ({ backend }) => {
      await backend.loadModel(model)
      const timed = async (work: () => Promise<unknown>): Promise<number> => {
        const started = performance.now()
        await work()
        return performance.now() - started
      }
      const whole = await timed(() => backend.detect(model, pictures(32), slow))
      const afterCancel = await timed(async () => {
        const controller = new AbortController()
        const cancelled = backend.detect(model, pictures(32), slow, { signal: controller.signal })
        setTimeout(() => controller.abort(new Error('enough')), 50)
        await expect(cancelled).rejects.toThrow('enough')
        await backend.detect(model, pictures(1), slow)
      })
      const afterDeadline = await timed(async () => {
        await expect(backend.detect(model, pictures(32), slow, { timeoutMs: 50 })).rejects.toMatchObject({
          code: 'INFERENCE_TIMEOUT',
          facts: { retryable: true },
        })
        await backend.detect(model, pictures(1), slow)
      })
      expect(afterCancel).toBeLessThan(whole * 0.6)
      expect(afterDeadline).toBeLessThan(whole * 0.6)
    },
    { threads: 1 },
  ))

test.each([
  ['a side that is no multiple of the stride', { width: 65 }, 'multiples of 32'],
  ['no size', { width: 0 }, 'width is 0'],
  ['a size no memory holds', { width: 8192, height: 8192 }, '2048 × 2048'],
  ['a threshold above 1', { confidenceThreshold: 1.5 }, 'confidenceThreshold is 1.5'],
  ['a threshold that is no number', { confidenceThreshold: NaN }, 'confidenceThreshold is NaN'],
  ['no detections at all', { maxDetections: 0 }, 'maxDetections is 0'],
  ['a label the model has not', { labels: ['red', 'pink'] }, 'names "pink"'],
  ['a threshold of such a label', { labelThresholds: new Map([['pink', 0.5]]) }, 'names "pink"'],
  ['a threshold of a label above 1', { labelThresholds: new Map([['red', 2]]) }, 'labelThresholds is 2'],
])('%s is refused by name', (_, options, message) =>
  withService(
    async ({ backend }) => {
      await expect(backend.detect(model, pictures(1), { ...box, ...options })).rejects.toMatchObject({
        code: 'REQUEST_INVALID',
        category: 'INVALID_INPUT',
        message: expect.stringContaining(message) as string,
        facts: { retryable: false },
      })
    },
    { threads: 1 },
  ),
)

test('a thread that ends takes no picture with it, the first time', () =>
  withService(
    async ({ backend }) => {
      const results = await backend.detect(model, pictures(6), box)
      expect(results.map((result) => 'detections' in result && result.detections.length)).toEqual(Array(6).fill(1))
    },
    { threads: 2 },
    crashingThread(1),
  ))

test('a picture no thread survives fails alone, and the service goes on', () =>
  withService(
    async ({ backend }) => {
      await backend.loadModel(model)
      const [lost] = await backend.detect(model, pictures(1), box)
      expect(lost).toMatchObject({
        id: 'p0',
        error: { code: 'MODEL_FAILED', message: expect.stringContaining('thread ended') as string },
      })
      expect(await backend.detect(model, pictures(2), box)).toMatchObject([
        { detections: [{ label: 'red' }] },
        { detections: [{ label: 'red' }] },
      ])
    },
    { threads: 1 },
    crashingThread(2),
  ))

test('health says SERVING once the threads answer, for the server and for the service by name', () =>
  withService(async ({ service, backend }) => {
    const Health = makeGenericClientConstructor(healthDefinition as unknown as ServiceDefinition, 'Health')
    const health = new Health(service.address, credentials.createInsecure())
    const check = (name: string): Promise<unknown> =>
      new Promise((resolve, reject) =>
        (health['check'] as (request: object, answer: (error: unknown, value: unknown) => void) => void).call(
          health,
          { service: name },
          (error, value) => (error ? reject(error as Error) : resolve(value)),
        ),
      )
    await backend.loadModel(model)
    expect(await check('')).toEqual({ status: 'SERVING' })
    expect(await check('lakelens.inference.v1.Inference')).toEqual({ status: 'SERVING' })
    await expect(check('nobody')).rejects.toMatchObject({ code: status.NOT_FOUND })
    health.close()
  }))

test('reflection lists the service, for grpcurl and its like', () =>
  withService(async ({ service }) => {
    const proto = join(dirname(require.resolve('@grpc/reflection')), '../proto/grpc/reflection/v1/reflection.proto')
    const definition = loadPackageDefinition(loadSync(proto, { keepCase: true, defaults: true })) as unknown as {
      grpc: {
        reflection: {
          v1: {
            ServerReflection: new (...parts: unknown[]) => {
              ServerReflectionInfo(): NodeJS.ReadWriteStream
              close(): void
            }
          }
        }
      }
    }
    const client = new definition.grpc.reflection.v1.ServerReflection(service.address, credentials.createInsecure())
    const stream = client.ServerReflectionInfo()
    const answer = await new Promise((resolve, reject) => {
      stream.on('data', resolve).on('error', reject)
      stream.write({ list_services: '' } as never)
    })
    stream.end()
    client.close()
    expect(answer).toMatchObject({
      list_services_response: {
        service: expect.arrayContaining([{ name: 'lakelens.inference.v1.Inference' }]) as unknown,
      },
    })
  }))

test('closing lets the calls in hand end', async () => {
  const service = await startFromSource({ threads: 1 })
  const backend = createGrpcBackend({ addresses: [service.address], log: silentLogger() })
  await backend.loadModel(model)
  const running = backend.detect(model, pictures(4), slow)
  await new Promise((resolve) => setTimeout(resolve, 30))
  const closing = service.close()
  expect(await running).toHaveLength(4)
  await closing
  expect(await backend.isReady({ timeoutMs: 300 })).toBe(false)
  await expect(backend.detect(model, pictures(1), box, { timeoutMs: 500 })).rejects.toMatchObject({
    code: 'INFERENCE_UNAVAILABLE',
    category: 'UNAVAILABLE',
    facts: { retryable: true },
  })
  await backend.close()
})

test('a port that is taken is an error that says which', async () => {
  const service = await startFromSource({ threads: 1 })
  const port = Number(service.address.split(':')[1])
  await expect(startFromSource({ port, threads: 1 })).rejects.toThrow(/EADDRINUSE/)
  await service.close()
})
