import {
  type DetectOptions,
  type Detection,
  type DetectionBox,
  type InferenceBackend,
  type ModelRef,
  createGrpcBackend,
} from '@lakelens/inference-client'
import { serveFiles } from '@lakelens/inference-client/conformance'
import { silentLogger } from '@lakelens/kernel'
import { pictureOf, tinyModels, withUrl } from './testing/fixtures'
import { type StartedService, startFromSource } from './testing/startFromSource'

const detectors = [
  'tiny-detector',
  'tiny-yolov5',
  'tiny-yolov10',
  'tiny-detr',
  'tiny-rtdetr',
  'tiny-rtdetr-listed',
  'tiny-ssd',
  'tiny-torchvision',
] as const
const others = ['tiny-classifier', 'tiny-tokens'] as const
type Name = (typeof detectors)[number] | (typeof others)[number]

let service: StartedService
let backend: InferenceBackend
let files: Awaited<ReturnType<typeof serveFiles>>
const models = new Map<Name, ModelRef>()

beforeAll(async () => {
  const names = [...detectors, ...others]
  const fixtures = names.map((name) => tinyModels.model(name))
  files = await serveFiles(fixtures.map(({ file }) => file))
  names.forEach((name, i) => models.set(name, withUrl(fixtures[i]!, files.urls[i]!)))
  service = await startFromSource()
  backend = createGrpcBackend({ addresses: [service.address], log: silentLogger() })
})
afterAll(async () => {
  await backend.close()
  await service.close()
  await files.close()
})

const modelOf = (name: Name, changes: Partial<ModelRef> = {}): ModelRef => ({ ...models.get(name)!, ...changes })
const withManifest = (name: Name, changes: object): ModelRef =>
  modelOf(name, { manifest: { ...models.get(name)!.manifest, ...changes } })

const [red, green, grey, faintBlue] = [0xff0000, 0x00ff00, 0x727272, 0x3300cc]
const options: DetectOptions = { width: 64, height: 64, confidenceThreshold: 0.3, nmsIou: 0.7, maxDetections: 100 }

const read = async (model: ModelRef, data: Uint8Array, changes: Partial<DetectOptions> = {}): Promise<Detection[]> => {
  const [result] = await backend.detect(model, [{ id: 'p', data }], { ...options, ...changes })
  if (!result || 'error' in result) throw new Error(result?.error.message)
  return result.detections
}

const { exp } = Math
/** Of the softmax over one logit, two of -6, and "no object" at 0. */
const detrScore = (score: number): number => exp(12 * score - 6) / (exp(12 * score - 6) + 2 * exp(-6) + 1)
const quarter = (x: number, y: number): DetectionBox => ({ x, y, width: 0.5, height: 0.5 })

test.each<[Name, (score: number) => number]>([
  ['tiny-detector', (score) => score],
  ['tiny-yolov5', (score) => 0.75 * score],
  ['tiny-yolov10', (score) => score],
  ['tiny-detr', detrScore],
  ['tiny-rtdetr', (score) => score],
  ['tiny-rtdetr-listed', (score) => score],
  ['tiny-ssd', (score) => score],
])('%s: the right labels and scores, where they are, best first', async (name, scoreOf) => {
  const picture = await pictureOf(
    [
      [faintBlue, grey],
      [grey, red],
    ],
    32,
  )
  const near = (value: number): number => expect.closeTo(value, 4) as number
  expect(await read(modelOf(name), picture)).toEqual([
    { label: 'red', confidence: near(scoreOf(1)), box: quarter(0.5, 0.5) },
    { label: 'blue', confidence: near(scoreOf(0.6)), box: quarter(0, 0) },
  ])
  const strict = await read(modelOf(name), picture, { confidenceThreshold: 0.7 })
  expect(strict.map(({ label }) => label)).toEqual(name === 'tiny-detr' ? ['red', 'blue'] : ['red'])
  expect(await read(modelOf(name), picture, { maxDetections: 1 })).toHaveLength(1)
  expect(await read(modelOf(name), await pictureOf([[grey]], 64))).toEqual([])
})

test.each<[Name, number]>([
  ['tiny-detector', 0.6],
  ['tiny-yolov5', 0.45],
  ['tiny-yolov10', 0.6],
  ['tiny-detr', detrScore(0.6)],
  ['tiny-rtdetr', 0.6],
  ['tiny-rtdetr-listed', 0.6],
  ['tiny-ssd', 0.6],
  ['tiny-torchvision', 0.6],
])('%s: single labels are wanted, and have thresholds, before the limit', async (name, blueScore) => {
  // Red as far as one sees, and one blue cell that the model is less sure of.
  const width = name === 'tiny-torchvision' ? 3 : 2
  const cells = [0, 1].map((y) => Array.from({ length: width }, (_, x) => (x + y === 0 ? faintBlue : red)))
  const picture = await pictureOf(cells, 32)
  const labels = async (changes: Partial<DetectOptions>): Promise<string[]> =>
    (await read(modelOf(name), picture, changes)).map(({ label }) => label)
  const blue = 'blue'
  const plain = await labels({})
  expect(plain).toContain(blue)
  expect(plain.filter((label) => label === 'red').length).toBeGreaterThan(2)
  expect(await labels({ labels: [blue], maxDetections: 1 })).toEqual([blue])
  expect(await labels({ labels: [blue, 'red'] })).toEqual(plain)
  const reds = plain.filter((label) => label === 'red')
  expect(await labels({ labelThresholds: new Map([[blue, Math.min(1, blueScore + 0.02)]]) })).toEqual(reds)
  // Lower than the rest.
  const low = new Map([[blue, 0.01]])
  expect(await labels({ confidenceThreshold: 1, labelThresholds: low, labels: [blue], maxDetections: 1 })).toEqual([
    blue,
  ])
  expect(await labels({ labels: ['green'] })).toEqual([])
})

test('a graph that lists only what it is sure of: none, one, three, in pixels of a fixed size', async () => {
  const model = modelOf('tiny-torchvision')
  expect(await backend.loadModel(model)).toMatchObject({ fixedResolution: { width: 96, height: 64 }, stride: 1 })
  const row = (...colors: number[]): Promise<Buffer> => pictureOf([colors, colors], 32)
  expect(await read(model, await row(grey, grey, grey))).toEqual([])
  expect(
    await read(
      model,
      await pictureOf(
        [
          [grey, grey, grey],
          [grey, grey, green],
        ],
        32,
      ),
    ),
  ).toEqual([
    {
      label: 'green',
      confidence: 1,
      box: { x: 64 / 96, y: 0.5, width: expect.closeTo(1 / 3, 12) as number, height: 0.5 },
    },
  ])
  expect(await read(model, await row(red, green, faintBlue))).toHaveLength(6)
})

test('SSD of free size: pictures keep their aspect and are not padded', async () => {
  const model = modelOf('tiny-ssd')
  expect(await backend.loadModel(model)).toMatchObject({ fixedResolution: null, stride: 1 })
  const picture = await pictureOf([[grey, grey, grey, green]], 64)
  const [found] = await read(model, picture, { width: 128, height: 128 })
  expect(found).toMatchObject({ label: 'green', box: { x: 0.75, y: 0, width: 0.25, height: 1 } })
})

test.each(['tiny-detr', 'tiny-rtdetr-listed'] as const)('%s stretches pictures, as it was trained', async (name) => {
  const picture = await pictureOf([[red, grey]], 64)
  const found = await read(modelOf(name), picture)
  expect(found.map(({ box }) => box)).toEqual([quarter(0, 0), quarter(0, 0.5)])
})

test('sets of objects are not thinned out: two that touch the same place are two', async () => {
  const picture = await pictureOf([[red]], 64)
  for (const name of ['tiny-yolov10', 'tiny-rtdetr', 'tiny-ssd'] as const)
    expect(await read(modelOf(name), picture, { nmsIou: 0 })).toHaveLength(4)
})

test.each(detectors)('%s answers alone as in company, in the order of the pictures', async (name) => {
  const colors = [red, green, 0x0000ff, grey, 0xcc3300, 0x00cc33, faintBlue, 0xffffff]
  const pictures = await Promise.all(
    Array.from({ length: 16 }, async (_, i) => ({
      id: `p${i}`,
      data: await pictureOf([[colors[i % 8]!, grey, colors[(3 * i) % 8]!]], 32),
    })),
  )
  const asked = { ...options, width: 96, height: 96 }
  const together = await backend.detect(modelOf(name), pictures, asked)
  expect(together.map(({ id }) => id)).toEqual(pictures.map(({ id }) => id))
  expect(together.filter((result) => 'detections' in result && result.detections.length > 0).length).toBeGreaterThan(9)
  for (const [i, picture] of pictures.entries())
    expect(await backend.detect(modelOf(name), [picture], asked)).toEqual([together[i]])
})

describe('a classifier', () => {
  const scores = (a: number, b: number, c: number): number[] => {
    const powers = [a, b, c].map((score) => exp(8 * score - 4))
    const sum = powers.reduce((total, power) => total + power, 0)
    return powers.map((power) => power / sum)
  }

  test('gives labels of the whole picture, best first, above the threshold', async () => {
    const model = modelOf('tiny-classifier')
    expect(await backend.loadModel(model)).toMatchObject({ fixedResolution: { width: 32, height: 32 } })
    const [, , blue] = scores(0, 0, 0.6)
    const picture = await pictureOf([[faintBlue]], 32)
    expect(await read(model, picture, { confidenceThreshold: 0.5 })).toEqual([
      { label: 'blue', confidence: expect.closeTo(blue!, 4) as number, box: null },
    ])
    const all = await read(model, picture, { confidenceThreshold: 0 })
    expect(all.map(({ label }) => label)).toEqual(['blue', 'red', 'green'])
    expect(all.reduce((sum, { confidence }) => sum + confidence, 0)).toBeCloseTo(1, 6)
    expect(await read(model, picture, { confidenceThreshold: 0, maxDetections: 1 })).toHaveLength(1)
    expect(await read(model, picture, { confidenceThreshold: 0.999 })).toEqual([])
    const few: Partial<DetectOptions> = { confidenceThreshold: 0, maxDetections: 1 }
    expect((await read(model, picture, { ...few, labels: ['green'] })).map(({ label }) => label)).toEqual(['green'])
    const labelThresholds = new Map([
      ['blue', 1],
      ['red', 0],
    ])
    expect((await read(model, picture, { ...few, labelThresholds })).map(({ label }) => label)).toEqual(['red'])
  })

  test('judges each label alone where the manifest says sigmoid', async () => {
    const picture = await pictureOf([[red]], 32)
    const found = await read(withManifest('tiny-classifier', { activation: 'sigmoid' }), picture)
    expect(found).toEqual([{ label: 'red', confidence: expect.closeTo(1 / (1 + exp(-4)), 6) as number, box: null }])
  })

  test('a bad picture fails alone', async () => {
    const good = { id: 'good', data: await pictureOf([[red]], 32) }
    const results = await backend.detect(
      modelOf('tiny-classifier'),
      [{ id: 'bad', data: Buffer.from('text') }, good],
      options,
    )
    expect(results).toMatchObject([
      { id: 'bad', error: { code: 'CONTENT_TYPE_UNSUPPORTED' } },
      { id: 'good', detections: [{ label: 'red', box: null }] },
    ])
  })
})

test.each<[string, object, number[]]>([
  ['the mean of tokens', {}, [0.45, 0.45, 0.45]],
  ['the first token', { pooling: 'cls' }, [0.25, 0.25, 0.25]],
  ['the mean of a feature map', { tensor: 'map' }, [0.5, 0.5, 0.5]],
  ['the only pooled output', { tensor: 'pooler_output', pooling: 'none' }, [0.5, 0.5, 0.5]],
  ['a vector with sides of 1', { tensor: 'whole', pooling: 'none' }, [0.5, 0.5, 0.5]],
])('embedding: %s', async (_, changes, expected) => {
  const model = withManifest('tiny-tokens', changes)
  expect(await backend.loadModel(model)).toMatchObject({ vectorDimension: 3 })
  const data = await pictureOf(
    [
      [red, green],
      [0x0000ff, 0xffffff],
    ],
    16,
  )
  const [result] = await backend.embed(model, [{ id: 'v', data }])
  const vector = (result as { vector: Float32Array }).vector
  expect([...vector].map((value) => Math.round(value * 1e5) / 1e5)).toEqual(expected)
})

test('embedding: tokens are found by what pooling needs, several vectors are asked about', async () => {
  expect(await backend.loadModel(withManifest('tiny-tokens', { tensor: undefined, pooling: 'cls' }))).toMatchObject({
    vectorDimension: 3,
  })
  await expect(
    backend.loadModel(withManifest('tiny-tokens', { tensor: undefined, pooling: 'none' })),
  ).rejects.toMatchObject({
    code: 'MODEL_NOT_SUPPORTED',
    message: expect.stringMatching(/pooler_output.*name one as `tensor`/) as string,
  })
})

test.each<[string, () => ModelRef, string, RegExp]>([
  ['logits read as scores', () => withManifest('tiny-detr', { activation: 'none' }), 'SCORES_UNEXPECTED', /-6 to -6/],
  ['floats of unknown scale', () => withManifest('tiny-torchvision', { input: {} }), 'INPUT_UNSAID', /scale/],
  [
    'a label too many',
    () => modelOf('tiny-classifier', { labels: ['a', 'b', 'c', 'd'] }),
    'OUTPUTS_UNEXPECTED',
    /\[batch, 4\]/,
  ],
  ['no labels', () => modelOf('tiny-classifier', { labels: [] }), 'MODEL_NOT_SUPPORTED', /label_list\.yaml/],
  ['too few labels', () => modelOf('tiny-detr', { labels: ['a'] }), 'OUTPUTS_UNEXPECTED', /1 or 1 \+ 1/],
  ['another format', () => withManifest('tiny-yolov5', { output: 'yolov8' }), 'OUTPUT_SHAPE_UNEXPECTED', /4 \+ 3/],
  [
    'no lists',
    () => withManifest('tiny-yolov5', { output: 'ssd', input: { scale: 1 } }),
    'OUTPUTS_UNEXPECTED',
    /output0 float32/,
  ],
  [
    'a format of a later version',
    () => withManifest('tiny-yolov5', { output: 'yolov8-seg' }),
    'OUTPUT_NOT_SUPPORTED',
    /yolov8-seg/,
  ],
  [
    'a softmax of a YOLO',
    () => withManifest('tiny-yolov5', { activation: 'softmax' }),
    'MANIFEST_NOT_SUPPORTED',
    /softmax/,
  ],
])('%s: refused when it is opened, by name', async (_, model, code, message) => {
  await expect(backend.loadModel(model())).rejects.toMatchObject({
    code,
    message: expect.stringMatching(message) as string,
    facts: { retryable: false },
  })
})

test.each<[string, () => ModelRef, RegExp]>([
  ['fractions read as pixels', () => withManifest('tiny-rtdetr', { boxes: 'pixels' }), /boxes: normalized/],
  ['pixels read as fractions', () => withManifest('tiny-yolov5', { boxes: 'normalized' }), /boxes: pixels/],
  ['a class no label names', () => modelOf('tiny-yolov10', { labels: ['one'] }), /class 2, and there are 1 labels/],
])('%s: the picture fails, and says what to correct', async (_, model, message) => {
  const data = await pictureOf(
    [
      [grey, grey],
      [grey, 0x0000ff],
    ],
    32,
  )
  const [result] = await backend.detect(model(), [{ id: 'p', data }], options)
  expect(result).toMatchObject({ error: { code: 'MODEL_FAILED', message: expect.stringMatching(message) as string } })
})
