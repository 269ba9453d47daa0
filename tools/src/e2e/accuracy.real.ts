import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createApi } from '../api'
import { cosine, scoreTags, truthTags, type GroundTruth } from '../bench/evaluate'
import { spawnGateway, type GatewayProcess } from './gatewayProcess'
import { addFiles, createCollection, itemsOf, jobEnd, startAutoTag, startEmbeddings } from './lakeClient'
import { cocoPictures, mediaDir, modelsDir, readMediaJson } from './realMedia'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-accuracy-'))
let gateway: GatewayProcess
const api = () => createApi({ url: gateway.url, key: undefined })

beforeAll(async () => {
  gateway = await spawnGateway({
    LAKELENS_DATA: folder,
    LAKELENS_MODELS_DIR: modelsDir(),
    LAKELENS_DEFAULT_EMBEDDING: 'mobilenetv2',
    LAKELENS_LOG_LEVEL: 'warn',
    ...(process.env['DATABASE_URL'] ? { DATABASE_URL: process.env['DATABASE_URL'] } : {}),
  })
}, 60_000)

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('tags of the 128 COCO pictures at 640×640 and 0.25 have F1 ≥ 0.77 against the ground truth', async () => {
  const collectionId = await createCollection(api(), `coco ${process.pid}`)
  expect(await addFiles(api(), collectionId, cocoPictures())).toEqual([])
  const job = await startAutoTag(api(), {
    scope: { collectionId },
    inputResolution: { width: 640, height: 640 },
    confidenceThreshold: 0.25,
  })
  expect(await jobEnd(api(), job.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 128 } })
  const items = await itemsOf(api(), collectionId)
  const predicted = Object.fromEntries(items.map((item) => [item.name, item.tags.map((tag) => tag.label)]))
  const scores = scoreTags(predicted, truthTags(readMediaJson<GroundTruth>('coco/groundtruth.json')))
  console.info(
    `tags at 640, 0.25: precision ${scores.precision.toFixed(3)}, recall ${scores.recall.toFixed(3)}, F1 ${scores.f1.toFixed(3)}`,
  )
  expect(items).toHaveLength(128)
  expect(scores.f1).toBeGreaterThanOrEqual(0.77)

  // The chapter's defaults: the size really used is told.
  const defaults = await startAutoTag(api(), { scope: { collectionId } })
  const done = await jobEnd(api(), defaults.id)
  expect(done.parameters).toMatchObject({
    inputResolution: { width: 300, height: 300 },
    effectiveResolution: { width: 320, height: 320 },
    confidenceThreshold: 0.5,
  })
}, 300_000)

async function vectorsOf(collectionName: string, files: string[]): Promise<Map<string, number[]>> {
  const collectionId = await createCollection(api(), collectionName)
  expect(await addFiles(api(), collectionId, files)).toEqual([])
  const job = await startEmbeddings(api(), { scope: { collectionId } })
  expect(await jobEnd(api(), job.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: files.length } })
  const { embeddingVectors } = await api().request<{
    embeddingVectors: { uniqueName: string; embedding: { embeddings: number[] } }[]
  }>(
    `query ($names: [String!]!) { embeddingVectors(uniqueNames: $names) { uniqueName status embedding { embeddings } } }`,
    { names: files.map((file) => `${collectionName}_${basename(file)}`) },
  )
  return new Map(
    embeddingVectors.map((answer, index) => [basename(files[index] as string), answer.embedding.embeddings]),
  )
}

test('MobileNetV2 vectors equal the reference on exact crops, and stay near it end to end', async () => {
  const { vectors: reference } = readMediaJson<{ vectors: Record<string, number[]> }>(
    'embeddings-reference-mobilenetv2.json',
  )
  const stem = (name: string) => name.replace(/\.\w+$/, '')
  const byStem = new Map(Object.entries(reference).map(([name, vector]) => [stem(name), vector]))
  const list = (sub: string) => readdirSync(join(mediaDir(), sub)).map((name) => join(mediaDir(), sub, name))

  const crops = await vectorsOf(`crops ${process.pid}`, list('embedding-crops224'))
  const exact = [...crops].map(([name, vector]) => ({
    name: stem(name),
    cosine: cosine(vector, byStem.get(stem(name)) as number[]),
  }))
  console.info('crops:', exact.map(({ name, cosine: value }) => `${name} ${value.toFixed(5)}`).join(', '))
  expect(exact).toHaveLength(15)
  // The one picture whose colour profile the reference pipeline ignored.
  for (const { name, cosine: value } of exact)
    expect([name, value >= (name === 'coco-000000000025' ? 0.997 : 0.9999)]).toEqual([name, true])

  const whole = await vectorsOf(`good ${process.pid}`, list('good'))
  const near = [...whole].map(([name, vector]) => ({ name, cosine: cosine(vector, reference[name] as number[]) }))
  console.info('end to end:', near.map(({ name, cosine: value }) => `${name} ${value.toFixed(4)}`).join(', '))
  for (const { name, cosine: value } of near) expect([name, value >= 0.95]).toEqual([name, true])
}, 300_000)
