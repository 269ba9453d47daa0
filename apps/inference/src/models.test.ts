import { createHash } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type InferenceBackend, type ModelRef, createGrpcBackend } from '@lakelens/inference-client'
import { silentLogger } from '@lakelens/kernel'
import { pictureOf, tinyModels } from './testing/fixtures'
import { type StartedService, startFromSource } from './testing/startFromSource'

/** Serves whatever bytes a test registers, and counts how often each is fetched. */
class Publisher {
  readonly fetched = new Map<string, number>()
  private readonly files = new Map<string, Uint8Array>()
  private readonly server = createServer((request, response) => {
    const path = request.url ?? ''
    this.fetched.set(path, (this.fetched.get(path) ?? 0) + 1)
    const file = this.files.get(path)
    // A little late, so that callers asking at once do ask at once.
    setTimeout(() => response.writeHead(file ? 200 : 404).end(file), 50)
  })

  listen = (): Promise<void> => new Promise((resolve) => this.server.listen(0, '127.0.0.1', resolve))
  close = (): Promise<void> => new Promise((resolve) => void this.server.close(() => resolve()).closeAllConnections())

  publish(path: string, file: Uint8Array): string {
    this.files.set(path, file)
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`
  }
}

const publisher = new Publisher()
beforeAll(publisher.listen)
afterAll(publisher.close)

const tiny = (name: string, changes: Partial<ModelRef> = {}): ModelRef => {
  const { file, reference } = tinyModels.model(name)
  return { ...reference, url: publisher.publish(`/${name}`, file), ...changes }
}

const made = (name: string, file: Uint8Array, changes: Partial<ModelRef> = {}): ModelRef => ({
  ...tinyModels.model('tiny-detector').reference,
  name,
  sha256: createHash('sha256').update(file).digest('hex'),
  byteSize: file.byteLength,
  url: publisher.publish(`/${name}`, file),
  ...changes,
})

async function withService(
  settings: Parameters<typeof startFromSource>[0],
  test: (backend: InferenceBackend, service: StartedService) => Promise<void>,
): Promise<void> {
  const service = await startFromSource(settings)
  const backend = createGrpcBackend({ addresses: [service.address], log: silentLogger() })
  try {
    await test(backend, service)
  } finally {
    await backend.close()
    await service.close()
  }
}

describe('reading models', () => {
  let service: StartedService
  let backend: InferenceBackend
  beforeAll(async () => {
    service = await startFromSource()
    backend = createGrpcBackend({ addresses: [service.address], log: silentLogger() })
  })
  afterAll(async () => {
    await backend.close()
    await service.close()
  })

  test('YOLOX: a static graph says its own size, whatever box is asked for', async () => {
    const model = tiny('tiny-yolox')
    expect(await backend.loadModel(model)).toMatchObject({ fixedResolution: { width: 64, height: 64 } })
    const data = await pictureOf([[0x00ff00, 0x727272, 0x727272, 0x727272]], 16)
    const box = { width: 640, height: 640, confidenceThreshold: 0.5, nmsIou: 0.5, maxDetections: 10 }
    const [result] = await backend.detect(model, [{ id: 'x', data }], box)
    expect(result).toEqual({
      id: 'x',
      detections: [
        {
          label: 'green',
          confidence: expect.closeTo(1, 4) as number,
          box: { x: 0, y: 0, width: 0.25, height: 1 },
        },
      ],
    })
  })

  test('an inner tensor that is no output of the graph becomes one', async () => {
    const model = tiny('tiny-logits')
    const facts = await backend.loadModel(model)
    expect(facts.outputs.map(({ name }) => name)).toEqual(['logits', 'pooled'])
    expect(facts.vectorDimension).toBe(8)
    const [result] = await backend.embed(model, [{ id: 'v', data: await pictureOf([[0xff0000]], 32) }])
    expect([...(result as { vector: Float32Array }).vector].map((value) => Math.round(value * 1e4) / 1e4)).toEqual([
      1, 0, 0, 1, 0, 1, 1, 0,
    ])
  })

  test.each<[string, () => ModelRef, { code: string; message: RegExp }]>([
    [
      'bytes that are no ONNX',
      () => made('junk', Buffer.from('certainly not a model')),
      { code: 'MODEL_UNREADABLE', message: /junk could not be opened: .*protobuf/i },
    ],
    [
      'half a file',
      () => made('half', tinyModels.model('tiny-detector').file.slice(0, 600)),
      { code: 'MODEL_UNREADABLE', message: /half could not be opened/ },
    ],
    [
      'a tensor the graph lacks',
      () => tiny('tiny-logits', { manifest: { output: 'embedding', tensor: 'nosuch', input: { size: [32, 32] } } }),
      { code: 'MODEL_TENSOR_MISSING', message: /nosuch/ },
    ],
    [
      'labels that do not fit',
      () => tiny('tiny-detector', { labels: ['only one'] }),
      { code: 'OUTPUT_SHAPE_UNEXPECTED', message: /\[-1, 7, -1\].*4 \+ 1/ },
    ],
    [
      'no labels',
      () => tiny('tiny-detector', { labels: [] }),
      { code: 'MODEL_NOT_SUPPORTED', message: /label_list\.yaml/ },
    ],
    [
      'another dimension',
      () => tiny('tiny-embedder', { manifest: { output: 'embedding', vectorDimension: 13 } }),
      { code: 'MODEL_NOT_SUPPORTED', message: /12|none of its outputs/ },
    ],
    [
      'another size',
      () => tiny('tiny-embedder', { manifest: { output: 'embedding', input: { size: [64, 64] } } }),
      { code: 'MODEL_NOT_SUPPORTED', message: /32×32.*64×64/ },
    ],
    [
      'another layout',
      () => tiny('tiny-embedder', { manifest: { output: 'embedding', input: { layout: 'nhwc' } } }),
      { code: 'MODEL_NOT_SUPPORTED', message: /nhwc/ },
    ],
    [
      'bytes given to a float graph',
      () => tiny('tiny-embedder', { manifest: { output: 'embedding', input: { format: 'uint8' } } }),
      { code: 'MODEL_NOT_SUPPORTED', message: /float32/ },
    ],
    [
      'an unknown manifest key',
      () => tiny('tiny-detector', { manifest: { output: 'yolov8', colour: 'rgb' } }),
      { code: 'MANIFEST_INVALID', message: /colour/ },
    ],
    [
      'an output of a later version',
      () => tiny('tiny-detector', { manifest: { output: 'yolov8-seg' } }),
      { code: 'OUTPUT_NOT_SUPPORTED', message: /yolov8-seg/ },
    ],
    [
      'the wrong task',
      () => tiny('tiny-detector', { manifest: { output: 'embedding', input: { size: [64, 64] } } }),
      { code: 'MODEL_NOT_SUPPORTED', message: /output0/ },
    ],
  ])('%s: a typed error that says so, and says that trying again is useless', async (_, model, { code, message }) => {
    const error: unknown = await backend.loadModel(model()).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
      facts: { retryable: false, address: service.address },
    })
    expect((error as Error).message).not.toContain(service.dataDir)
  })

  test('a model that failed can be tried again, and others are not touched by it', async () => {
    const model = tiny('tiny-embedder', {
      manifest: { ...tinyModels.model('tiny-embedder').reference.manifest, description: 'again' },
    })
    const broken = { ...model, url: `${model.url}-missing`, sha256: 'c'.repeat(64) }
    await expect(backend.loadModel(broken)).rejects.toMatchObject({
      code: 'MODEL_DOWNLOAD_FAILED',
      category: 'MODEL_UNAVAILABLE',
      facts: { retryable: true },
    })
    expect((await backend.loadModel(model)).vectorDimension).toBe(12)
  })

  test.each([
    ['a short digest', { sha256: 'abc' }, /model\.sha256/],
    ['no size', { byteSize: 0 }, /model\.byteSize/],
  ])('%s is refused before anything is fetched', async (_, changes, message) => {
    await expect(backend.loadModel(tiny('tiny-detector', changes))).rejects.toMatchObject({
      code: 'REQUEST_INVALID',
      message: expect.stringMatching(message) as string,
    })
  })
})

describe('fetching', () => {
  test('callers asking at once share one download, and a cleared folder costs one more', () =>
    withService({ memoryMiB: 5 }, async (backend, { dataDir }) => {
      const model = tiny('tiny-detector', { url: publisher.publish('/shared', tinyModels.model('tiny-detector').file) })
      const other = { ...model, manifest: { ...model.manifest, description: 'other' } }
      await Promise.all([backend.loadModel(model), backend.loadModel(other), backend.loadModel(model)])
      expect(publisher.fetched.get('/shared')).toBe(1)
      expect(await readdir(join(dataDir, 'models'))).toEqual([`${model.sha256}.onnx`])
      await rm(join(dataDir, 'models', `${model.sha256}.onnx`))
      await backend.loadModel({ ...model, manifest: { ...model.manifest, description: 'third' } })
      expect(publisher.fetched.get('/shared')).toBe(2)
    }))

  test('a file longer than announced is cut off, one that differs is not kept', () =>
    withService({}, async (backend, { dataDir }) => {
      const { file, reference } = tinyModels.model('tiny-detector')
      const longer = { ...reference, url: publisher.publish('/longer', Buffer.concat([file, Buffer.alloc(5_000_000)])) }
      await expect(backend.loadModel(longer)).rejects.toMatchObject({ code: 'MODEL_SIZE_MISMATCH' })
      const other = Buffer.from(file)
      other[100]! ^= 1
      const differs = { ...reference, url: publisher.publish('/differs', other) }
      await expect(backend.loadModel(differs)).rejects.toMatchObject({
        code: 'MODEL_DIGEST_MISMATCH',
        message: expect.stringContaining(reference.sha256) as string,
      })
      expect(await readdir(join(dataDir, 'models'))).toEqual([])
    }))
})

describe('memory', () => {
  // A tiny model counts as 1 MiB on each of two threads.
  const ofManifest = (description: string): ModelRef => {
    const model = tiny('tiny-detector')
    return { ...model, manifest: { ...model.manifest, description } }
  }
  const box = { width: 64, height: 64, confidenceThreshold: 0.5, nmsIou: 0.5, maxDetections: 10 }

  test('the least recently used model is closed to make room; what is closed opens again', () =>
    withService({ memoryMiB: 5 }, async (backend, { dataDir }) => {
      const [first, second, third] = [ofManifest('1'), ofManifest('2'), ofManifest('3')]
      const picture = { id: 'p', data: await pictureOf([[0xff0000]], 32) }
      await backend.loadModel(first)
      await backend.loadModel(second)
      await backend.detect(first, [picture], box)
      await backend.loadModel(third)
      const path = join(dataDir, 'models', `${first.sha256}.onnx`)
      const before = publisher.fetched.get('/tiny-detector')
      await rm(path)
      // Only a model that has to be opened again needs its file.
      await backend.detect(first, [picture], box)
      await backend.detect(third, [picture], box)
      expect(publisher.fetched.get('/tiny-detector')).toBe(before)
      await backend.detect(second, [picture], box)
      expect(publisher.fetched.get('/tiny-detector')).toBe(before! + 1)
    }))

  test('a model in use is not closed: the other waits for it, without failing', () =>
    withService({ memoryMiB: 3 }, async (backend) => {
      const [first, second] = [ofManifest('1'), ofManifest('2')]
      const data = await pictureOf([[0xff0000]], 64)
      const pictures = Array.from({ length: 24 }, (_, i) => ({ id: `${i}`, data }))
      await backend.loadModel(first)
      const running = backend.detect(first, pictures, { ...box, width: 1024, height: 1024 })
      const [results, facts] = await Promise.all([running, backend.loadModel(second)])
      expect(results.every((result) => 'detections' in result)).toBe(true)
      expect(facts.stride).toBe(32)
    }))

  test('a model too large for this service is refused with both numbers', () =>
    withService({ memoryMiB: 1 }, async (backend) => {
      await expect(backend.loadModel(ofManifest('1'))).rejects.toMatchObject({
        code: 'MODEL_TOO_LARGE',
        message: expect.stringMatching(/2 MiB.*1 MiB.*INFERENCE_MEMORY_MIB/) as string,
      })
    }))
})
