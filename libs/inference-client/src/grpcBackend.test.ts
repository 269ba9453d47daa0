import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { Metadata, Server, ServerCredentials, type ServiceError, type sendUnaryData, status } from '@grpc/grpc-js'
import { silentLogger } from '@lakelens/kernel'
import {
  type DetectRequestMessage,
  type DetectResponse,
  type EmbedRequestMessage,
  type EmbedResponse,
  type InferenceHandlers,
  channelOptions,
  errorTrailer,
  loadInferenceProto,
  maxPictureBytes,
} from '@lakelens/proto'
import type { DetectOptions, ModelRef, Picture } from './backend'
import { createGrpcBackend } from './grpcBackend'

const model: ModelRef = {
  name: 'scripted',
  sha256: 'a'.repeat(64),
  byteSize: 1,
  url: 'http://127.0.0.1/',
  manifest: { output: 'yolov8' },
  labels: ['cat'],
  runtime: 'ONNX',
  application: 'AUTO_TAGGING',
}
const options: DetectOptions = { width: 64, height: 64, confidenceThreshold: 0.5, nmsIou: 0.5, maxDetections: 10 }
const pictures = (count: number, bytes = 3): Picture[] =>
  Array.from({ length: count }, (_, i) => ({ id: `p${i}`, data: Buffer.alloc(bytes, i) }))

/** What a scripted service does with one call. */
type Script = (request: DetectRequestMessage, answer: sendUnaryData<DetectResponse>) => void

interface ScriptedService {
  address: string
  calls: DetectRequestMessage[]
  stop(): void
}

const running: { stop(): void }[] = []
afterEach(() => running.splice(0).forEach((one) => one.stop()))

/** A real gRPC server that answers what a test wants it to. */
async function serve(detect: Script, more: Partial<InferenceHandlers> = {}, port = 0): Promise<ScriptedService> {
  const server = new Server(channelOptions)
  const calls: DetectRequestMessage[] = []
  server.addService(loadInferenceProto().Inference.service, {
    Detect: (call: { request: DetectRequestMessage }, answer: sendUnaryData<DetectResponse>) => {
      calls.push(call.request)
      detect(call.request, answer)
    },
    ...more,
  })
  const bound = await new Promise<number>((resolve, reject) =>
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, value) =>
      error ? reject(error) : resolve(value),
    ),
  )
  const service = { address: `127.0.0.1:${bound}`, calls, stop: () => server.forceShutdown() }
  running.push(service)
  return service
}

function backendFor(...addresses: string[]): ReturnType<typeof createGrpcBackend> {
  const backend = createGrpcBackend({ addresses, log: silentLogger() })
  running.push({ stop: () => void backend.close() })
  return backend
}

const found: Script = ({ pictures: asked }, answer) =>
  answer(null, { results: asked.map(({ id }) => ({ id, detections: [] })) })
const refusing =
  (code: status, details: string, metadata = new Metadata()): Script =>
  (_, answer) =>
    answer({ code, details, metadata } as ServiceError)
const inTurn = (...scripts: Script[]): Script => {
  let turn = 0
  return (...call) => scripts[Math.min(turn++, scripts.length - 1)]!(...call)
}
const none = (count: number): object[] => pictures(count).map(({ id }) => ({ id, detections: [] }))

test('a service that is full or away is asked again', async () => {
  const service = await serve(
    inTurn(refusing(status.RESOURCE_EXHAUSTED, 'full'), refusing(status.RESOURCE_EXHAUSTED, 'full'), found),
  )
  expect(await backendFor(service.address).detect(model, pictures(2), options)).toEqual(none(2))
  expect(service.calls).toHaveLength(3)
})

test('a service that comes up late is waited for', async () => {
  const probe = await serve(found)
  probe.stop()
  const waiting = backendFor(probe.address).detect(model, pictures(1), options)
  await new Promise((resolve) => setTimeout(resolve, 600))
  await serve(found, {}, Number(probe.address.split(':')[1]))
  expect(await waiting).toEqual(none(1))
})

test('the time asked for ends the waiting, with an error that says to try again', async () => {
  const service = await serve(refusing(status.RESOURCE_EXHAUSTED, 'The queue is full.'))
  const started = Date.now()
  await expect(
    backendFor(service.address).detect(model, pictures(1), options, { timeoutMs: 500 }),
  ).rejects.toMatchObject({
    code: 'INFERENCE_BUSY',
    category: 'UNAVAILABLE',
    facts: { retryable: true, address: service.address },
    message: expect.stringMatching(/busy: The queue is full\. Try again/) as string,
  })
  expect(Date.now() - started).toBeLessThan(2_000)
})

test('a call nobody answers ends at its deadline', async () => {
  const service = await serve(() => undefined)
  await expect(
    backendFor(service.address).detect(model, pictures(1), options, { timeoutMs: 200 }),
  ).rejects.toMatchObject({ code: 'INFERENCE_TIMEOUT', facts: { retryable: true } })
})

test('an abort cancels the call on the other side too, and is told by its own reason', async () => {
  const cancelled = jest.fn()
  const service = await serve(() => undefined, {
    Embed: (call) => void call.on('cancelled', cancelled),
  })
  const controller = new AbortController()
  const call = backendFor(service.address).embed(model, pictures(1), { signal: controller.signal })
  const reason = new Error('enough')
  setTimeout(() => controller.abort(reason), 100)
  await expect(call).rejects.toBe(reason)
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(cancelled).toHaveBeenCalledTimes(1)
})

test.each([
  [status.INVALID_ARGUMENT, 'INFERENCE_REFUSED', 'INVALID_INPUT', false],
  [status.FAILED_PRECONDITION, 'INFERENCE_REFUSED', 'INVALID_INPUT', false],
  [status.UNIMPLEMENTED, 'INFERENCE_REFUSED', 'INVALID_INPUT', false],
  [status.INTERNAL, 'INFERENCE_FAILED', 'INTERNAL', false],
  [status.UNKNOWN, 'INFERENCE_FAILED', 'INTERNAL', false],
  [status.ABORTED, 'INFERENCE_UNAVAILABLE', 'UNAVAILABLE', true],
])('status %i without a typed error is %s', async (code, errorCode, category, retryable) => {
  const service = await serve(refusing(code, 'because'))
  await expect(backendFor(service.address).detect(model, pictures(1), options)).rejects.toMatchObject({
    code: errorCode,
    category,
    facts: { retryable, reason: 'because', address: service.address },
  })
  expect(service.calls).toHaveLength(1)
})

test('the typed error of the service arrives as it was thrown', async () => {
  const metadata = new Metadata()
  metadata.set(
    errorTrailer,
    Buffer.from(
      JSON.stringify({
        code: 'MODEL_UNREADABLE',
        category: 'MODEL_PACKAGE_INVALID',
        message: 'Kein Modell: ü.',
        facts: { name: 'x' },
      }),
    ),
  )
  const service = await serve(refusing(status.FAILED_PRECONDITION, 'short', metadata))
  await expect(backendFor(service.address).detect(model, pictures(1), options)).rejects.toMatchObject({
    code: 'MODEL_UNREADABLE',
    category: 'MODEL_PACKAGE_INVALID',
    message: 'Kein Modell: ü.',
    facts: { name: 'x', retryable: false },
  })
})

test.each<[string, (results: object[]) => object[]]>([
  ['one too few', (results) => results.slice(1)],
  ['one too many', (results) => [...results, results[0]!]],
  ['another order', (results) => [...results].reverse()],
])('results that do not belong to the pictures are refused: %s', async (_, spoil) => {
  const service = await serve(({ pictures: asked }, answer) =>
    answer(null, { results: spoil(asked.map(({ id }) => ({ id, detections: [] }))) }),
  )
  await expect(backendFor(service.address).detect(model, pictures(3), options)).rejects.toMatchObject({
    code: 'INFERENCE_ANSWER_INVALID',
    facts: { retryable: false },
  })
})

test('vectors are read exactly, wherever they lie in the message', async () => {
  const values = Float32Array.of(1.5, -2.25, 3.4028234663852886e38, 1e-45)
  const vector = Buffer.from(values.buffer)
  const answerEmbed = ({ request }: { request: EmbedRequestMessage }, answer: sendUnaryData<EmbedResponse>): void =>
    answer(null, { results: request.pictures.map(({ id }) => ({ id, vector })) })
  const service = await serve(found, { Embed: answerEmbed as InferenceHandlers['Embed'] })
  // Names of all lengths, so that the vectors begin at every offset modulo four.
  const named = ['a', 'bb', 'ccc', 'dddd'].map((id) => ({ id, data: Buffer.alloc(1) }))
  const results = await backendFor(service.address).embed(model, named)
  for (const [i, result] of results.entries()) {
    expect(result).toEqual({ id: named[i]!.id, vector: values })
    expect((result as { vector: Float32Array }).vector.buffer.byteLength).toBe(16)
  }
})

test('a vector cut short is refused', async () => {
  const answerEmbed = (_: unknown, answer: sendUnaryData<EmbedResponse>): void =>
    answer(null, { results: [{ id: 'p0', vector: Buffer.alloc(7) }] })
  const service = await serve(found, { Embed: answerEmbed as InferenceHandlers['Embed'] })
  await expect(backendFor(service.address).embed(model, pictures(1))).rejects.toMatchObject({
    code: 'INFERENCE_ANSWER_INVALID',
  })
})

test('a long list goes in several calls and comes back whole', async () => {
  const service = await serve(found)
  expect(await backendFor(service.address).detect(model, pictures(100), options)).toEqual(none(100))
  expect(service.calls.map((call) => call.pictures.length)).toEqual([32, 32, 32, 4])
})

test('large pictures share no call', async () => {
  const service = await serve(found)
  expect(await backendFor(service.address).detect(model, pictures(3, 30 * 1024 * 1024), options)).toEqual(none(3))
  expect(service.calls.map((call) => call.pictures.length)).toEqual([1, 1, 1])
})

test('a picture no message can hold fails alone, without being sent', async () => {
  const service = await serve(found)
  const [small, large] = [pictures(1)[0]!, { id: 'large', data: new Uint8Array(maxPictureBytes + 1) }]
  const results = await backendFor(service.address).detect(model, [large, small], options)
  expect(results).toEqual([
    { id: 'large', error: { code: 'LIMIT_EXCEEDED', message: expect.stringContaining('120 MiB') as string } },
    { id: 'p0', detections: [] },
  ])
  expect(await backendFor(service.address).probe(large.data, 10)).toMatchObject({ error: { code: 'LIMIT_EXCEEDED' } })
})

test('calls go to several services in turn, and past one that is down', async () => {
  const [first, second] = [await serve(found), await serve(found)]
  const backend = backendFor(first.address, second.address)
  for (let i = 0; i < 10; i++) await backend.detect(model, pictures(1), options)
  expect([first.calls.length, second.calls.length]).toEqual([5, 5])
  first.stop()
  for (let i = 0; i < 6; i++) expect(await backend.detect(model, pictures(1), options)).toEqual(none(1))
  expect(second.calls.length).toBeGreaterThanOrEqual(11)
})

/** In front of a service: `cut` ends every connection as a killed process does, `listening` goes on as a restarted one. */
async function serveThroughProxy(address: string): Promise<{ address: string; cut(): void }> {
  const sockets = new Set<Socket>()
  const proxy = createServer((near) => {
    const far = connect(Number(address.split(':')[1]), '127.0.0.1')
    for (const socket of [near, far])
      sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)))
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  running.push({ stop: () => (cut(), proxy.close()) })
  return { address: `127.0.0.1:${(proxy.address() as AddressInfo).port}`, cut }
}

test('a service killed once in the middle of a call costs nothing', async () => {
  const proxied: { cut?(): void } = {}
  const service = await serve(inTurn(() => proxied.cut?.(), found))
  Object.assign(proxied, await serveThroughProxy(service.address))
  const backend = backendFor((proxied as { address: string }).address)
  expect(await backend.detect(model, pictures(3), options)).toEqual(none(3))
})

test('a picture that brings every service down fails alone', async () => {
  const proxied: { cut?(): void } = {}
  const service = await serve((request, ...rest) =>
    request.pictures.some(({ id }) => id === 'p2') ? proxied.cut?.() : found(request, ...rest),
  )
  Object.assign(proxied, await serveThroughProxy(service.address))
  const backend = backendFor((proxied as { address: string }).address)
  const results = await backend.detect(model, pictures(4), options)
  expect(results.map((result) => ('error' in result ? result.error.code : 'found'))).toEqual([
    'found',
    'found',
    'MODEL_FAILED',
    'found',
  ])
})

test('a closed backend says so', async () => {
  const backend = createGrpcBackend({ addresses: ['127.0.0.1:1'], log: silentLogger() })
  await backend.close()
  await expect(backend.detect(model, pictures(1), options)).rejects.toMatchObject({ code: 'INFERENCE_CLOSED' })
})

test('nobody there: not ready, within the time asked for', async () => {
  const started = Date.now()
  expect(await backendFor('127.0.0.1:1').isReady({ timeoutMs: 300 })).toBe(false)
  expect(Date.now() - started).toBeLessThan(2_000)
})
