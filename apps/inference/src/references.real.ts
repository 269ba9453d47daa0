import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  type Detection,
  type DetectionBox,
  type InferenceBackend,
  type ModelRef,
  type Picture,
  createGrpcBackend,
} from '@lakelens/inference-client'
import { serveFiles } from '@lakelens/inference-client/conformance'
import { silentLogger } from '@lakelens/kernel'
import { type Box, iou } from '@lakelens/vision'
import sharp from 'sharp'
import { openModelsFolder, withUrl } from './testing/fixtures'
import { realFolder } from './testing/realFolders'
import { type StartedService, startFromSource } from './testing/startFromSource'

const media = realFolder('LAKELENS_TEST_MEDIA')
const modelsFolder = realFolder('LAKELENS_MODELS_DIR')
const readJson = <T>(...path: string[]): T => JSON.parse(readFileSync(join(...path), 'utf8')) as T
const picturesIn = (...path: string[]): Picture[] =>
  readdirSync(join(media, ...path)).map((id) => ({ id, data: readFileSync(join(media, ...path, id)) }))

const coco = Object.values(readJson<Record<string, string>>(modelsFolder, 'coco80.labels.json'))
const models = openModelsFolder(modelsFolder, coco)

let service: StartedService
let backend: InferenceBackend
let files: Awaited<ReturnType<typeof serveFiles>>
let yolov8: ModelRef
let yolox: ModelRef
let mobilenet: ModelRef

beforeAll(async () => {
  const fixtures = ['yolov8n', 'yolox-nano', 'mobilenetv2'].map((name) => models.model(name))
  files = await serveFiles(fixtures.map(({ file }) => file))
  const [first, second, third] = fixtures.map((fixture, i) => withUrl(fixture, files.urls[i]!))
  yolov8 = first!
  yolox = second!
  mobilenet = { ...third!, labels: [] }
  service = await startFromSource()
  backend = createGrpcBackend({ addresses: [service.address], log: silentLogger() })
})
afterAll(async () => {
  await backend.close()
  await service.close()
  await files.close()
})

const at640 = { width: 640, height: 640, confidenceThreshold: 0.25, nmsIou: 0.45, maxDetections: 300 }

async function detect(model: ModelRef, pictures: readonly Picture[]): Promise<Map<string, Detection[]>> {
  const results = await backend.detect(model, pictures, at640)
  return new Map(
    results.map((result) => {
      if ('error' in result) throw new Error(`${result.id}: ${result.error.message}`)
      return [result.id, result.detections]
    }),
  )
}

const inPixels = ({ x, y, width: w, height: h }: DetectionBox, width: number, height: number): Box => ({
  x1: x * width,
  y1: y * height,
  x2: (x + w) * width,
  y2: (y + h) * height,
})

interface Reference {
  images: Record<string, { label: string; confidence: number; xyxy: [number, number, number, number] }[]>
}

// The reference pads to a square and resizes with OpenCV; here the padding is minimal and libvips resizes. Boxes near the
// threshold come and go between the two, so that only the sure ones must be found, and found well.
test('yolov8n finds what the reference pipeline found with some certainty, where it found it', async () => {
  const { images } = readJson<Reference>(media, 'good-detections-reference.json')
  const found = await detect(yolov8, picturesIn('good'))
  const compared: number[] = []
  for (const [name, expected] of Object.entries(images)) {
    const { width, height } = (await sharp(readFileSync(join(media, 'good', name))).metadata()).autoOrient
    const boxes = found
      .get(name)!
      .map(({ label, confidence, box }) => ({ label, confidence, box: inPixels(box!, width, height) }))
    for (const { label, confidence, xyxy } of expected.filter((one) => one.confidence >= 0.5)) {
      const [x1, y1, x2, y2] = xyxy
      const best = Math.max(
        0,
        ...boxes.filter((one) => one.label === label).map(({ box }) => iou(box, { x1, y1, x2, y2 })),
      )
      if (best < 0.8) throw new Error(`${name}: ${label} ${confidence} is missing (best IoU ${best.toFixed(2)})`)
      compared.push(best)
    }
  }
  expect(compared.length).toBeGreaterThan(30)
  expect(compared.reduce((sum, value) => sum + value, 0) / compared.length).toBeGreaterThan(0.94)
})

interface Truth {
  images: Record<string, { classes: string[] }>
}

/** Micro-averaged over (picture, label) pairs. */
function f1OfTags(found: Map<string, Detection[]>, { images }: Truth): number {
  let correct = 0
  let predicted = 0
  let actual = 0
  for (const [name, { classes }] of Object.entries(images)) {
    const expected = new Set(classes)
    const labels = new Set(found.get(name)!.map(({ label }) => label))
    actual += expected.size
    predicted += labels.size
    correct += [...labels].filter((label) => expected.has(label)).length
  }
  return (2 * correct) / (predicted + actual)
}

test('yolov8n at 640 tags the 128 COCO pictures with F1 ≥ 0.77', async () => {
  const found = await detect(yolov8, picturesIn('coco', 'images'))
  const score = f1OfTags(found, readJson<Truth>(media, 'coco', 'groundtruth.json'))
  process.stdout.write(`yolov8n tag F1 ${score.toFixed(4)}\n`)
  expect(score).toBeGreaterThanOrEqual(0.77)
})

test('yolox-nano, static at 416, agrees with the truth as far as so small a model can', async () => {
  const found = await detect(yolox, picturesIn('coco', 'images'))
  const score = f1OfTags(found, readJson<Truth>(media, 'coco', 'groundtruth.json'))
  process.stdout.write(`yolox-nano tag F1 ${score.toFixed(4)}\n`)
  expect(score).toBeGreaterThanOrEqual(0.6)
})

// As people write model.yaml: what it leaves out follows the format and the graph.
describe('the same graphs with a manifest of a few lines', () => {
  test.each<[string, () => ModelRef, Record<string, unknown>]>([
    ['yolov8n', () => yolov8, { output: 'yolov8' }],
    ['yolox-nano', () => yolox, { output: 'yolox' }],
  ])('%s: the very detections of the system model', async (_, model, manifest) => {
    const pictures = picturesIn('coco', 'images').slice(0, 24)
    const expected = await detect(model(), pictures)
    expect([...expected.values()].flat().length).toBeGreaterThan(50)
    expect(await detect({ ...model(), manifest }, pictures)).toEqual(expected)
  })

  test('mobilenetv2: the very vectors of the system model', async () => {
    const input = { scale: 2 / 255, mean: [1, 1, 1], std: [1, 1, 1], resizeShorter: 256 }
    const pictures = picturesIn('coco', 'images').slice(0, 24)
    const expected = await backend.embed(mobilenet, pictures)
    expect(expected.every((result) => 'vector' in result && result.vector.length === 1280)).toBe(true)
    expect(await backend.embed({ ...mobilenet, manifest: { output: 'embedding', input } }, pictures)).toEqual(expected)
  })
})

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let dot = 0
  let aa = 0
  let bb = 0
  for (let i = 0; i < b.length; i++) {
    dot += a[i]! * b[i]!
    aa += a[i]! ** 2
    bb += b[i]! ** 2
  }
  return dot / Math.sqrt(aa * bb)
}

describe('mobilenetv2', () => {
  const { vectors, dimension } = readJson<{ vectors: Record<string, number[]>; dimension: number }>(
    media,
    'embeddings-reference-mobilenetv2.json',
  )
  const cosines = async (
    pictures: readonly Picture[],
    nameOf: (id: string) => string,
  ): Promise<Map<string, number>> => {
    const results = await backend.embed(mobilenet, pictures)
    return new Map(
      results.map((result) => {
        if ('error' in result) throw new Error(`${result.id}: ${result.error.message}`)
        expect(result.vector).toHaveLength(dimension)
        return [nameOf(result.id), cosine(result.vector, vectors[nameOf(result.id)]!)]
      }),
    )
  }

  test('the finished 224 crops, taken as they are, give the reference vectors', async () => {
    const names = new Map(Object.keys(vectors).map((name) => [name.replace(/\.[^.]+$/, '.png'), name]))
    const found = await cosines(picturesIn('embedding-crops224'), (id) => names.get(id)!)
    expect(found.size).toBe(Object.keys(vectors).length)
    for (const [name, value] of found) {
      // That one crop carries a colour profile, which the reference pipeline ignored.
      expect([name, value >= (name === 'coco-000000000025.jpg' ? 0.997 : 0.9999)]).toEqual([name, true])
    }
  })

  test('end to end every vector is within 0.95 of the reference', async () => {
    const pictures = picturesIn('good').filter(({ id }) => id in vectors)
    const found = await cosines(pictures, (id) => id)
    const least = Math.min(...found.values())
    process.stdout.write(`mobilenetv2 end to end: least cosine ${least.toFixed(4)}\n`)
    expect(found.size).toBe(Object.keys(vectors).length)
    expect(least).toBeGreaterThanOrEqual(0.95)
  })
})
