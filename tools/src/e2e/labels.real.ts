import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApi, type UserError } from '../api'
import { spawnGateway, type GatewayProcess } from './gatewayProcess'
import { addFiles, createCollection, itemsOf, jobEnd, startAutoTag, type ItemView } from './lakeClient'
import { cocoPictures, modelsDir } from './realMedia'

const folder = mkdtempSync(join(tmpdir(), 'lakelens-labels-'))
const count = 48
let gateway: GatewayProcess
let collectionId: string

const api = () => createApi({ url: gateway.url, key: undefined })
type Seen = ItemView['annotations']['nodes'][number]

beforeAll(async () => {
  gateway = await spawnGateway({
    LAKELENS_DATA: join(folder, 'data'),
    LAKELENS_MODELS_DIR: modelsDir(),
    LAKELENS_LOG_LEVEL: 'warn',
  })
  collectionId = await createCollection(api(), 'coco')
  expect(await addFiles(api(), collectionId, cocoPictures().slice(0, count))).toEqual([])
}, 120_000)

afterAll(async () => {
  await gateway?.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function run(input: Record<string, unknown>): Promise<Map<string, Seen[]>> {
  const job = await startAutoTag(api(), {
    scope: { collectionId },
    inputResolution: { width: 640, height: 640 },
    confidenceThreshold: 0.25,
    onExisting: 'REPLACE',
    ...input,
  })
  expect(await jobEnd(api(), job.id)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: count } })
  const items = await itemsOf(api(), collectionId)
  return new Map(items.map(({ uniqueName, annotations }) => [uniqueName, annotations.nodes]))
}

/** As what is live of one label in all pictures. */
const only = (all: Map<string, Seen[]>, wanted: (label: string) => boolean): [string, Seen[]][] =>
  [...all].map(([name, seen]) => [name, seen.filter(({ label }) => wanted(label))])

function overlap(a: NonNullable<Seen['box']>, b: NonNullable<Seen['box']>): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  if (width <= 0 || height <= 0) return 0
  return (width * height) / (a.width * a.height + b.width * b.height - width * height)
}

test('YOLOv8n over COCO pictures: a preview, a plain run, some labels of it, merged labels, a limit', async () => {
  const names = (await itemsOf(api(), collectionId)).map((item) => item.uniqueName)
  const { results } = await api().mutate<{
    results: { uniqueName: string; error: string | null; inferenceMs: number; detections: Seen[] }[]
    userErrors: UserError[]
  }>(
    `mutation ($input: PreviewAutoTagInput!) { previewAutoTag(input: $input) { userErrors { code message path }
       results { uniqueName error inferenceMs detections { label confidence box { x y width height } } } } }`,
    { input: { uniqueNames: names.slice(0, 16), inputResolution: { width: 640, height: 640 }, confidenceFloor: 0.25 } },
  )
  const plain = await run({})
  for (const { uniqueName, error, detections } of results) {
    expect(error).toBeNull()
    expect(detections).toEqual(plain.get(uniqueName))
  }
  const boxes = [...plain.values()].flat()
  console.info(
    `${boxes.length} boxes; preview ${(results.reduce((sum, result) => sum + result.inferenceMs, 0) / results.length).toFixed(0)} ms a picture`,
  )
  expect(boxes.filter(({ label }) => label === 'person').length).toBeGreaterThan(30)

  const isPerson = (label: string): boolean => label === 'person'
  const people = await run({ includeLabels: ['Person'], confidenceThreshold: 0.5 })
  expect(only(people, isPerson)).toEqual(
    only(plain, isPerson).map(([name, seen]) => [name, seen.filter(({ confidence }) => confidence >= 0.5)]),
  )
  expect(only(people, (label) => !isPerson(label))).toEqual(only(plain, (label) => !isPerson(label)))

  // Whoever is surest of everything else takes the one place there is, unless only these are asked for.
  const rare = [...new Set(boxes.map(({ label }) => label))].filter((label) => !isPerson(label))
  const one = await run({ includeLabels: rare, maxDetections: 1 })
  expect(only(one, (label) => rare.includes(label))).toEqual(
    only(plain, (label) => rare.includes(label)).map(([name, seen]) => [name, seen.slice(0, 1)]),
  )

  const to = 'thing'
  const merged = await run({ classMapping: rare.map((from) => ({ from, to })) })
  let kept = 0
  for (const [name, things] of only(merged, (label) => label === to)) {
    kept += things.length
    const before = only(plain, (label) => rare.includes(label)).find(([other]) => other === name)?.[1] ?? []
    for (const [n, thing] of things.entries()) {
      expect(before.map(({ confidence, box }) => ({ confidence, box }))).toContainEqual({
        confidence: thing.confidence,
        box: thing.box,
      })
      for (const other of things.slice(n + 1)) expect(overlap(thing.box, other.box)).toBeLessThanOrEqual(0.7)
    }
    for (const found of before) expect(things.some(({ box }) => overlap(box, found.box) > 0.7)).toBe(true)
  }
  console.info(
    `${only(plain, (label) => rare.includes(label)).flatMap(([, seen]) => seen).length} of ${rare.length} labels, merged: ${kept}`,
  )
}, 240_000)
