import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import sharp from 'sharp'
import { createApi } from '../api'
import { readTruth, scoreBoxes } from '../demo/accuracy'
import { nearestNeighbours } from '../demo/similarity'
import { agreement } from './boxes'
import { spawnGateway, type GatewayProcess } from './gatewayProcess'
import { addFiles, createCollection, itemsOf, jobEnd, startAutoTag, startEmbeddings, type ItemView } from './lakeClient'
import { currentVersion, lakelens, packed, registerArchive, type Application } from './modelPackages'
import { cocoPictures, modelsDir } from './realMedia'

const examples = resolve(__dirname, '../../../examples')
const shapes = join(examples, 'shapes')
const folder = mkdtempSync(join(tmpdir(), 'lakelens-examples-'))
let gateway: GatewayProcess
let collectionId: string

const api = () => createApi({ url: gateway.url, key: undefined })

const packages: { name: string; application: Application; argument: string; runtime: string }[] = [
  { name: 'onnx-detector', application: 'AUTO_TAGGING', argument: 'auto_tagging', runtime: 'ONNX' },
  { name: 'onnx-embedder', application: 'EMBEDDING', argument: 'embedding', runtime: 'ONNX' },
  { name: 'python-tagger', application: 'AUTO_TAGGING', argument: 'auto_tagging', runtime: 'PYTHON' },
  { name: 'python-embedder', application: 'EMBEDDING', argument: 'embedding', runtime: 'PYTHON' },
]
const packageFolder = (name: string): string => join(examples, 'models', name)

beforeAll(async () => {
  gateway = await spawnGateway({ LAKELENS_DATA: join(folder, 'data'), LAKELENS_LOG_LEVEL: 'warn' })
  collectionId = await createCollection(api(), 'shapes')
  const truth = await readTruth(join(shapes, 'groundtruth.json'))
  const pictures = truth.map(({ name }) => join(shapes, 'pictures', name))
  expect(await addFiles(api(), collectionId, pictures)).toEqual([])
}, 60_000)

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test.each(packages)(
  '$name: validated and registered on the command line, the same version over GraphQL',
  async (one) => {
    const validated = await lakelens(['validate', packageFolder(one.name), '--application', one.argument])
    expect(validated).toMatchObject({ code: 0 })
    const registered = await lakelens(
      ['models', 'register', packageFolder(one.name), '--name', one.name, '--application', one.argument],
      { LAKELENS_URL: gateway.url },
    )
    expect(registered).toMatchObject({ code: 0 })
    const again = await registerArchive(
      api(),
      await packed(packageFolder(one.name), join(folder, `${one.name}.tar.gz`)),
      one.name,
      one.application,
    )
    expect(again).toMatchObject({
      userErrors: [],
      version: { version: 1, status: 'READY', runtime: one.runtime },
      validation: { ok: true },
    })
  },
)

async function tagged(
  model: string,
  confidenceThreshold: number,
  { side, inCollection = collectionId }: { side: number; inCollection?: string },
): Promise<ItemView[]> {
  const job = await startAutoTag(api(), {
    scope: { collectionId: inCollection },
    modelId: model,
    inputResolution: { width: side, height: side },
    confidenceThreshold,
  })
  expect(await jobEnd(api(), job.id, 240_000)).toMatchObject({ status: 'COMPLETED', counts: { failed: 0 } })
  return itemsOf(api(), inCollection, model)
}

test('both taggers find the shapes', async () => {
  const truth = await readTruth(join(shapes, 'groundtruth.json'))
  for (const model of ['onnx-detector', 'python-tagger']) {
    const items = await tagged(model, 0.5, { side: 640 })
    const pictures = items.map(({ name, annotations }) => ({
      ...{ name, width: 1, height: 1, source: '', tags: [], neighbour: null },
      boxes: annotations.nodes,
    }))
    const { f1, precision, recall } = scoreBoxes(pictures, truth)
    console.info(`${model}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}, F1 ${f1.toFixed(3)}`)
    expect(f1).toBeGreaterThanOrEqual(0.8)
  }
}, 240_000)

// Smaller than every picture: a script is never given an enlarged one, a graph is.
const side = 320

/** Of the same weights, both ways: boxes above the threshold by enough that rounding is no excuse. */
async function parity(onnx: string, python: string, inCollection: string): Promise<ReturnType<typeof agreement>> {
  const threshold = 0.25
  const reference = await tagged(onnx, threshold, { side, inCollection })
  const other = await tagged(python, threshold, { side, inCollection })
  const found = agreement(reference, other, { floor: threshold + 0.05, minIou: 0.9 })
  const back = agreement(other, reference, { floor: threshold + 0.05, minIou: 0.9 })
  console.info(
    `${python} beside ${onnx}: ${found.matched} of ${found.sought} boxes matched, and ${back.matched} of ${back.sought} the other way; largest difference of scores ${found.largestScoreDifference.toFixed(4)}`,
  )
  expect(back.matched / back.sought).toBeGreaterThanOrEqual(0.99)
  return found
}

test('the Python tagger and the drop-in of the same weights agree: drawn shapes', async () => {
  const found = await parity('onnx-detector', 'python-tagger', collectionId)
  expect(found.sought).toBeGreaterThan(20)
  expect(found.matched / found.sought).toBeGreaterThanOrEqual(0.99)
  expect(found.largestScoreDifference).toBeLessThanOrEqual(0.03)
}, 240_000)

test('the Python tagger and the drop-in of the same weights agree: YOLOv8n on COCO, as png and as jpeg', async () => {
  const coco = await createCollection(api(), 'coco')
  expect(await addFiles(api(), coco, cocoPictures())).toEqual([])
  const onnx = join(folder, 'yolo')
  cpSync(join(modelsDir(), 'yolov8n.onnx'), join(onnx, 'model.onnx'))
  cpSync(join(modelsDir(), 'label_list.yaml'), join(onnx, 'label_list.yaml'))
  expect(
    (await registerArchive(api(), await packed(onnx, `${onnx}.tar.gz`), 'yolo', 'AUTO_TAGGING')).version,
  ).toMatchObject({ status: 'READY' })
  for (const input of ['png', 'jpeg']) {
    const python = join(folder, `yolo-${input}`)
    cpSync(packageFolder('python-tagger'), python, { recursive: true })
    cpSync(join(modelsDir(), 'yolov8n.onnx'), join(python, 'shapes.onnx'))
    cpSync(join(modelsDir(), 'label_list.yaml'), join(python, 'label_list.yaml'))
    writeFileSync(join(python, 'model.yaml'), `python:\n  input: ${input}\n`)
    const registered = await registerArchive(
      api(),
      await packed(python, `${python}.tar.gz`),
      `yolo-${input}`,
      'AUTO_TAGGING',
    )
    expect(registered.version).toMatchObject({ status: 'READY' })
  }
  const found = await parity('yolo', 'yolo-png', coco)
  expect(found.sought).toBeGreaterThan(300)
  expect(found.matched / found.sought).toBeGreaterThanOrEqual(0.99)
  expect(found.largestScoreDifference).toBeLessThanOrEqual(0.03)

  // Stated, not promised: JPEG's losses move scores near the threshold.
  const reference = await itemsOf(api(), coco, 'yolo')
  const jpeg = agreement(reference, await tagged('yolo-jpeg', 0.25, { side, inCollection: coco }), {
    floor: 0.3,
    minIou: 0.9,
  })
  console.info(
    `as jpeg: ${jpeg.matched} of ${jpeg.sought} matched; largest difference of scores ${jpeg.largestScoreDifference.toFixed(4)}`,
  )
  expect(jpeg.matched / jpeg.sought).toBeGreaterThanOrEqual(0.9)
}, 300_000)

async function vectors(model: string, inCollection: string, names: readonly string[]): Promise<Map<string, number[]>> {
  const job = await startEmbeddings(api(), { scope: { collectionId: inCollection }, modelId: model })
  expect(await jobEnd(api(), job.id, 120_000)).toMatchObject({ status: 'COMPLETED', counts: { failed: 0 } })
  const { embeddingVectors } = await api().request<{
    embeddingVectors: { uniqueName: string; embedding: { embeddings: number[] } | null }[]
  }>(
    `query ($names: [String!]!, $model: String!) { embeddingVectors(uniqueNames: $names, modelName: $model) {
       uniqueName embedding { embeddings } } }`,
    { names, model },
  )
  return new Map(embeddingVectors.map(({ uniqueName, embedding }) => [uniqueName, embedding?.embeddings ?? []]))
}

test('both embedders: a plain red and a plain blue picture, and which pictures are alike', async () => {
  const plain = await createCollection(api(), 'plain')
  const size = { width: 128, height: 128, channels: 4 as const }
  /** A plain picture; with `turn` a white square in its middle, turned by so many degrees. */
  const draw = async (name: string, background: string, turn: number | null): Promise<string> => {
    const file = join(folder, `${name}.png`)
    const square = sharp({ create: { ...size, width: 60, height: 60, background: '#ffffff' } }).png()
    const turned =
      turn === null
        ? null
        : await sharp(await square.toBuffer())
            .rotate(turn, { background: '#00000000' })
            .toBuffer()
    await sharp({ create: { ...size, background } })
      .composite(turned === null ? [] : [{ input: turned, gravity: 'centre' }])
      .png()
      .toFile(file)
    return file
  }
  const files = await Promise.all([
    draw('red', '#ff0000', null),
    draw('blue', '#0000ff', null),
    draw('red-square', '#ff0000', 0),
    draw('red-square-turned', '#ff0000', 8),
    draw('blue-square', '#0000ff', 0),
  ])
  expect(await addFiles(api(), plain, files)).toEqual([])
  const names = files.map((file) => `plain_${basename(file)}`)

  const own = await vectors('python-embedder', plain, names)
  // 64 colours, red's being number 3·16: everything in one bin, and no edges. Blue's is number 3.
  const red = own.get('plain_red.png') as number[]
  expect(red).toHaveLength(136)
  expect(red.findIndex((value) => value === 1)).toBe(48)
  expect(red.filter((value) => value !== 0)).toEqual([1])
  expect((own.get('plain_blue.png') as number[]).findIndex((value) => value === 1)).toBe(3)

  for (const model of ['python-embedder', 'onnx-embedder']) {
    const nearest = nearestNeighbours(await vectors(model, plain, names))
    expect([model, nearest.get('plain_red-square.png')?.name]).toEqual([model, 'plain_red-square-turned.png'])
  }
  expect(await currentVersion(api(), 'onnx-embedder')).toMatchObject({ vectorDimension: [64], installLog: null })
  expect((await currentVersion(api(), 'python-tagger'))?.installLog).toMatch(/onnxruntime/)
}, 240_000)
