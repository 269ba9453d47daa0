import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@lakelens/kernel'
import { createApi } from '../api'
import {
  drawnInCoco,
  drawnInYolo,
  farthestApart,
  groundTruthCoco,
  outlinesCoco,
  readTarGz,
  withFile,
  withTar,
  yoloSet,
  type CocoFile,
} from './annotationFiles'
import { spawnGateway, type GatewayProcess } from './gatewayProcess'
import { addFiles, createCollection, jobEnd, jobState, upload, type JobState } from './lakeClient'
import { cocoPictures, modelsDir } from './realMedia'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-exchange-'))
const environment = { LAKELENS_DATA: folder, LAKELENS_MODELS_DIR: modelsDir(), LAKELENS_LOG_LEVEL: 'warn' }
let gateway: GatewayProcess
const api = () => createApi({ url: gateway.url, key: undefined })

beforeAll(async () => (gateway = await spawnGateway(environment)), 60_000)
afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The 128 pictures, in a collection of their own. */
async function pictures(name: string): Promise<string> {
  const collectionId = await createCollection(api(), name)
  expect(await addFiles(api(), collectionId, cocoPictures())).toEqual([])
  return collectionId
}

async function start(
  mutation: 'importAnnotations' | 'exportAnnotations',
  input: Record<string, unknown>,
): Promise<string> {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`
  const { job } = await api().mutate<{ job: { id: string }; userErrors: never[] }>(
    `mutation ($input: ${type}!) { ${mutation}(input: $input) { job { id } userErrors { code message path } } }`,
    { input },
  )
  return job.id
}

async function importFile(collectionId: string, format: string, file: string): Promise<JobState> {
  const uploadId = await upload(api(), file, 'ANNOTATIONS')
  return jobEnd(api(), await start('importAnnotations', { uploadId, collectionId, format }))
}

/** The file an export makes, fetched as a browser would. */
async function exportFile<T>(collectionId: string, format: string, read: (file: string) => Promise<T>): Promise<T> {
  const { id, status } = await jobEnd(api(), await start('exportAnnotations', { scope: { collectionId }, format }))
  expect(status).toBe('COMPLETED')
  const { job } = await api().request<{ job: { downloadUrl: string } }>(
    'query ($id: ID!) { job(id: $id) { downloadUrl } }',
    { id },
  )
  const response = await fetch(job.downloadUrl)
  expect(response.status).toBe(200)
  return withFile('exported', Buffer.from(await response.arrayBuffer()), read)
}
const readCoco = async (file: string): Promise<CocoFile> => JSON.parse(await readFile(file, 'utf8')) as CocoFile

test.each([
  ['boxes of the ground truth', groundTruthCoco, 929],
  ['outlines', outlinesCoco, 600],
])(
  'COCO → lake → COCO: the %s are equal up to order and a tenth of a pixel',
  async (name, make, atLeast) => {
    const collectionId = await pictures(name)
    const given = make()
    const job = await withFile('coco.json', JSON.stringify(given), (file) => importFile(collectionId, 'COCO', file))
    expect(job).toMatchObject({
      status: 'COMPLETED',
      counts: { succeeded: given.annotations.length, skipped: 0, failed: 0 },
    })
    expect(given.annotations.length).toBeGreaterThanOrEqual(atLeast)
    const back = await exportFile(collectionId, 'COCO', readCoco)
    expect(back.images).toHaveLength(128)
    expect(back.annotations).toHaveLength(given.annotations.length)
    const { unmatched, pixels } = farthestApart(drawnInCoco(given), drawnInCoco(back))
    expect(unmatched).toBe(0)
    expect(pixels).toBeLessThan(0.1)
  },
  180_000,
)

test('YOLO → lake → YOLO: the boxes are equal up to order and a tenth of a pixel', async () => {
  const collectionId = await pictures('yolo')
  const { files, names } = yoloSet()
  const given = drawnInYolo(files, names)
  const yaml = `names: ${JSON.stringify(names)}\n`
  const job = await withTar({ 'data.yaml': yaml, ...files }, (file) => importFile(collectionId, 'YOLO', file))
  expect(job).toMatchObject({ status: 'COMPLETED', counts: { succeeded: given.length, skipped: 0, failed: 0 } })
  const { 'data.yaml': data, ...back } = await exportFile(collectionId, 'YOLO', readTarGz)
  expect(Object.keys(back)).toHaveLength(128)
  const backNames = [...(data ?? '').matchAll(/^ {2}"?\d+"?: "?(.*?)"?$/gm)].map(([, name]) => name!)
  const { unmatched, pixels } = farthestApart(given, drawnInYolo(back, backNames))
  expect(unmatched).toBe(0)
  expect(pixels).toBeLessThan(0.1)
}, 180_000)

const annotationsOfOne = async (collectionId: string): Promise<number> => {
  const { items } = await api().request<{ items: { nodes: { annotations: { totalCount: number } }[] } }>(
    'query ($id: ID!) { items(scope: { collectionId: $id }, first: 1) { nodes { annotations(first: 1) { totalCount } } } }',
    { id: collectionId },
  )
  return items.nodes[0]!.annotations.totalCount
}

test('kill -9 in the middle of an import: it goes on after the restart, and nothing is doubled', async () => {
  const collectionId = await pictures('killed')
  const { images, categories } = groundTruthCoco()
  // Thirty thousand boxes, none like another.
  const annotations = Array.from({ length: 30_000 }, (_, n) => ({
    id: n,
    image_id: (n % 128) + 1,
    category_id: (n % 40) + 1,
    bbox: [Math.floor(n / 128) / 2, 1, 50, 60],
  }))
  const file = join(folder, 'many.json')
  writeFileSync(file, JSON.stringify({ images, annotations, categories }))
  const uploadId = await upload(api(), file, 'ANNOTATIONS')
  const id = await start('importAnnotations', { uploadId, collectionId })
  // Four times, each when it has come further: three crashes without any progress would be its own fault.
  for (const reached of [40, 80, 120, 160]) {
    while ((await annotationsOfOne(collectionId)) < reached) await sleep(20)
    expect((await jobState(api(), id)).status).toBe('IN_PROGRESS')
    await gateway.kill()
    gateway = await spawnGateway(environment)
  }
  const ended = await jobEnd(api(), id, 180_000)
  expect(ended).toMatchObject({
    error: null,
    status: 'COMPLETED',
    counts: { succeeded: 30_000, skipped: 0, failed: 0 },
  })
  const back = await exportFile(collectionId, 'COCO', readCoco)
  const told = back.annotations.map(({ image_id, bbox }) => `${image_id} ${bbox}`)
  expect(told).toHaveLength(30_000)
  expect(new Set(told).size).toBe(30_000)
}, 400_000)
