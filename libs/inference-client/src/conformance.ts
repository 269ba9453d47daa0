import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isLakeError } from '@lakelens/kernel'
import type { DetectOptions, Detection, InferenceBackend, ModelRef, Picture } from './backend'

/** Tiny graphs and pictures whose answers follow from their colours alone; see `tools/fixtures`. */
export interface ConformanceFixtures {
  /** YOLOv8 layout, any multiple of 32: one candidate a 32-pixel cell, scored by how far red, green or blue stands out. */
  detector: ModelFixture
  /** [b, 3, 32, 32] → the mean colours of the four quarters: 4 reds, 4 greens, 4 blues. */
  embedder: ModelFixture
  /** An encoded picture of plain cells of `cell` pixels, colours 0xRRGGBB row by row. */
  picture(colors: readonly (readonly number[])[], cell: number): Promise<Uint8Array>
}

export interface ModelFixture {
  file: Uint8Array
  /** `url` is filled in by the suite. */
  reference: Omit<ModelRef, 'url'>
}

export interface ConformanceSetup {
  backend: InferenceBackend
  fixtures: ConformanceFixtures
  close(): Promise<void>
}

const detectOptions: DetectOptions = {
  width: 64,
  height: 64,
  confidenceThreshold: 0.5,
  nmsIou: 0.7,
  maxDetections: 100,
}

const red = 0xff0000
const green = 0x00ff00
const blue = 0x0000ff
const grey = 0x727272

/** What every `InferenceBackend` must do. Registers jest tests; `setup` makes a backend to a running service. */
export function describeInferenceBackend(name: string, setup: () => Promise<ConformanceSetup>): void {
  describe(`InferenceBackend: ${name}`, () => {
    let parts: ConformanceSetup
    let files: FileServer
    let detector: ModelRef
    let embedder: ModelRef

    beforeAll(async () => {
      parts = await setup()
      const { detector: detectorFixture, embedder: embedderFixture } = parts.fixtures
      files = await serveFiles([detectorFixture.file, embedderFixture.file])
      detector = { ...detectorFixture.reference, url: files.urls[0]! }
      embedder = { ...embedderFixture.reference, url: files.urls[1]! }
    })
    afterAll(async () => {
      await parts.backend.close()
      await parts.close()
      await files.close()
    })

    const backend = (): InferenceBackend => parts.backend
    const picture = async (id: string, colors: readonly (readonly number[])[], cell = 32): Promise<Picture> => ({
      id,
      data: await parts.fixtures.picture(colors, cell),
    })

    test('becomes ready', async () => {
      const deadline = Date.now() + 20_000
      while (!(await backend().isReady()) && Date.now() < deadline)
        await new Promise((resolve) => setTimeout(resolve, 50))
      expect(await backend().isReady()).toBe(true)
    })

    test('says what a model takes and gives', async () => {
      const facts = await backend().loadModel(detector)
      expect(facts).toMatchObject({ fixedResolution: null, stride: 32, vectorDimension: null })
      expect(facts.inputs).toEqual([{ name: 'images', type: 'float32', shape: [-1, 3, -1, -1] }])
      expect(facts.outputs).toEqual([{ name: 'output0', type: 'float32', shape: [-1, 7, -1] }])
      expect(facts.warmupMs).toBeGreaterThan(0)
      expect(await backend().loadModel(embedder)).toMatchObject({
        fixedResolution: { width: 32, height: 32 },
        vectorDimension: 12,
      })
    })

    test('finds objects where they are, best first, as fractions of the picture', async () => {
      const [result] = await backend().detect(
        detector,
        [
          await picture('a', [
            [red, grey],
            [grey, 0x3300cc],
          ]),
        ],
        detectOptions,
      )
      expect(result).toMatchObject({ id: 'a' })
      const detections = detectionsOf(result)
      expect(detections.map(({ label }) => label)).toEqual(['red', 'blue'])
      expect(detections[0]).toMatchObject({ confidence: 1, box: { x: 0, y: 0, width: 0.5, height: 0.5 } })
      expect(detections[1]!.confidence).toBeCloseTo(0.6, 4)
      expect(detections[1]).toMatchObject({ box: { x: 0.5, y: 0.5, width: 0.5, height: 0.5 } })
    })

    test('applies the threshold and the limit that are asked for', async () => {
      const pictures = [
        await picture('a', [
          [red, grey],
          [grey, 0x3300cc],
        ]),
      ]
      const [strict] = await backend().detect(detector, pictures, { ...detectOptions, confidenceThreshold: 0.7 })
      expect(detectionsOf(strict).map(({ label }) => label)).toEqual(['red'])
      const [few] = await backend().detect(detector, pictures, { ...detectOptions, maxDetections: 1 })
      expect(detectionsOf(few).map(({ label }) => label)).toEqual(['red'])
    })

    test('what is not wanted takes no place of the limit, and single labels have their own thresholds', async () => {
      const pictures = [
        await picture('crowd', [
          [red, red, red],
          [red, red, 0x3300cc],
        ]),
      ]
      const labelsOf = async (options: Partial<DetectOptions>): Promise<string[]> => {
        const [result] = await backend().detect(detector, pictures, {
          ...detectOptions,
          width: 96,
          height: 96,
          ...options,
        })
        return detectionsOf(result).map(({ label }) => label)
      }
      expect(await labelsOf({})).toEqual(['red', 'red', 'red', 'red', 'red', 'blue'])
      expect(await labelsOf({ maxDetections: 3 })).toEqual(['red', 'red', 'red'])
      expect(await labelsOf({ maxDetections: 3, labels: ['blue'] })).toEqual(['blue'])
      expect(await labelsOf({ labels: [] })).toHaveLength(6)
      expect(await labelsOf({ labels: ['green'] })).toEqual([])
      expect(await labelsOf({ labelThresholds: new Map([['blue', 0.7]]) })).not.toContain('blue')
      expect(await labelsOf({ confidenceThreshold: 0.9, labelThresholds: new Map([['blue', 0.5]]) })).toHaveLength(6)
      const both = { labels: ['blue'], labelThresholds: new Map([['blue', 0.7]]) }
      expect(await labelsOf(both)).toEqual([])
      expect(await errorOf(labelsOf({ labels: ['nobody'] }))).toMatchObject({ facts: { retryable: false } })
    })

    test('a picture in which nothing is found is a result, not an error', async () => {
      expect(await backend().detect(detector, [await picture('empty', [[grey]])], detectOptions)).toEqual([
        { id: 'empty', detections: [] },
      ])
    })

    test('makes the vector the graph makes', async () => {
      const [result] = await backend().embed(embedder, [
        await picture(
          'v',
          [
            [red, green],
            [blue, 0xffffff],
          ],
          16,
        ),
      ])
      const expected = [1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 1, 1]
      expect(vectorOf(result)).toBeInstanceOf(Float32Array)
      expect([...vectorOf(result)].map((value) => Math.round(value * 1e5) / 1e5)).toEqual(expected)
    })

    test('a batch of one answers what a batch of many does, in the order of the pictures', async () => {
      const colors = [red, green, blue, grey, 0xcc3300, 0x00cc33, 0x3300cc, 0xffffff]
      const pictures = await Promise.all(
        Array.from({ length: 40 }, (_, i) => picture(`p${i}`, [[colors[i % 8]!, grey, colors[(i >> 3) % 8]!]])),
      )
      const together = await backend().detect(detector, pictures, { ...detectOptions, width: 96, height: 96 })
      expect(together.map(({ id }) => id)).toEqual(pictures.map(({ id }) => id))
      for (const [i, one] of pictures.entries()) {
        expect(await backend().detect(detector, [one], { ...detectOptions, width: 96, height: 96 })).toEqual([
          together[i],
        ])
      }
    })

    test('no pictures, no results', async () => {
      expect(await backend().detect(detector, [], detectOptions)).toEqual([])
      expect(await backend().embed(embedder, [])).toEqual([])
    })

    test('a bad picture fails alone, and says why', async () => {
      const good = await picture('good', [[red]])
      const results = await backend().detect(
        detector,
        [good, { id: 'text', data: Buffer.from('not a picture at all') }, { ...good, id: 'again' }],
        detectOptions,
      )
      expect(results.map(({ id }) => id)).toEqual(['good', 'text', 'again'])
      expect(results[1]).toMatchObject({
        error: { code: 'CONTENT_TYPE_UNSUPPORTED', message: expect.stringContaining('is text') as string },
      })
      expect(detectionsOf(results[0])).toEqual(detectionsOf(results[2]))
      const vectors = await backend().embed(embedder, [{ id: 'none', data: new Uint8Array() }, good])
      expect(vectors[0]).toMatchObject({ id: 'none', error: { code: 'MEDIA_UNREADABLE' } })
      expect(vectorOf(vectors[1])).toHaveLength(12)
    })

    test('probes a picture and makes its thumbnail', async () => {
      const { data } = await picture(
        'p',
        [
          [red, green, blue],
          [red, green, blue],
        ],
        40,
      )
      const probed = await backend().probe(data, 60)
      expect(probed).toMatchObject({ mediaType: 'image/png', width: 120, height: 80 })
      if ('error' in probed) throw new Error(probed.error.message)
      expect(await backend().probe(probed.thumbnail, 0)).toEqual({
        mediaType: 'image/webp',
        width: 60,
        height: 40,
        thumbnail: new Uint8Array(),
      })
    })

    test('refuses what is not a picture by its bytes', async () => {
      const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
      expect(await backend().probe(svg, 64)).toMatchObject({ error: { code: 'CONTENT_TYPE_UNSUPPORTED' } })
      expect(await backend().probe(Buffer.alloc(0), 64)).toMatchObject({ error: { code: 'MEDIA_UNREADABLE' } })
    })

    test('a model that is not what it is said to be is a typed error that names it', async () => {
      const wrong = { ...detector, name: 'impostor', sha256: 'ab'.repeat(32) }
      const error = await errorOf(backend().loadModel(wrong))
      expect(error).toMatchObject({
        code: 'MODEL_DIGEST_MISMATCH',
        category: 'MODEL_PACKAGE_INVALID',
        facts: { name: 'impostor', retryable: false },
      })
    })

    test('a model asked for the wrong task is refused', async () => {
      const error = await errorOf(backend().embed(detector, [await picture('p', [[red]])]))
      expect(error).toMatchObject({ category: 'MODEL_APPLICATION_MISMATCH', facts: { retryable: false } })
    })

    test('an aborted call rejects with the reason it was aborted for', async () => {
      const reason = new Error('changed my mind')
      const { data } = await picture(
        'p',
        [
          [red, green],
          [blue, red],
        ],
        200,
      )
      const pictures = Array.from({ length: 32 }, (_, i) => ({ id: `p${i}`, data }))
      const already = AbortSignal.abort(reason)
      await expect(backend().detect(detector, pictures, detectOptions, { signal: already })).rejects.toBe(reason)
      const controller = new AbortController()
      const running = backend().detect(
        detector,
        pictures,
        { ...detectOptions, width: 1024, height: 1024 },
        { signal: controller.signal },
      )
      setTimeout(() => controller.abort(reason), 20)
      await expect(running).rejects.toBe(reason)
    })
  })
}

const detectionsOf = (result: Awaited<ReturnType<InferenceBackend['detect']>>[number] | undefined): Detection[] => {
  if (!result || 'error' in result) throw new Error(result ? result.error.message : 'no result')
  return result.detections
}

const vectorOf = (result: Awaited<ReturnType<InferenceBackend['embed']>>[number] | undefined): Float32Array => {
  if (!result || 'error' in result) throw new Error(result ? result.error.message : 'no result')
  return result.vector
}

async function errorOf(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!isLakeError(error)) throw error ?? new Error('nothing was thrown')
  return error
}

interface FileServer {
  urls: string[]
  close(): Promise<void>
}

/** Models come to a backend by address; this is the media store's part in it. */
export async function serveFiles(files: readonly Uint8Array[]): Promise<FileServer> {
  const server = createServer((request, response) => {
    const file = files[Number(request.url?.slice(1))]
    response.writeHead(file ? 200 : 404).end(file)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    urls: files.map((_, i) => `http://127.0.0.1:${port}/${i}`),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
