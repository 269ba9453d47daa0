import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApi } from '../api'
import { spawnGateway, type GatewayProcess } from './gatewayProcess'
import { addFiles, createCollection, itemsOf, jobEnd, startAutoTag } from './lakeClient'
import { cocoPictures, modelsDir } from './realMedia'

const databaseUrl = process.env['DATABASE_URL']
const folder = mkdtempSync(join(tmpdir(), 'lakelens-replicas-'))
let first: GatewayProcess
let second: GatewayProcess

/** One replica of API and worker, with an inference process of its own; database and media are shared. */
const replica = (name: string) => {
  if (!databaseUrl)
    throw new Error('DATABASE_URL is not set: replicas need a real Postgres. Run this under `npm run postgres --`.')
  return spawnGateway({
    DATABASE_URL: databaseUrl,
    MEDIA_URL: `file://${join(folder, 'media')}`,
    LAKELENS_DATA: join(folder, name),
    LAKELENS_MODELS_DIR: modelsDir(),
    LAKELENS_LOG_LEVEL: 'info',
  })
}

beforeAll(async () => {
  // At once: both migrate, and both must come up.
  ;[first, second] = await Promise.all([replica('first'), replica('second')])
}, 90_000)

afterAll(async () => {
  await Promise.all([first?.stop(), second?.stop()])
  rmSync(folder, { recursive: true, force: true })
})

test('two API replicas and two workers share one job: nothing doubled, both workers used, progress from either', async () => {
  const here = createApi({ url: first.url, key: undefined })
  const there = createApi({ url: second.url, key: undefined })
  const collectionId = await createCollection(here, `shared ${Date.now()}`)
  expect(await addFiles(here, collectionId, cocoPictures())).toEqual([])

  const input = { scope: { collectionId }, inputResolution: { width: 640, height: 640 }, confidenceThreshold: 0.25 }
  const [job, same] = await Promise.all([startAutoTag(here, input), startAutoTag(there, input)])
  expect(same.id).toBe(job.id)

  const seen: { seq: number; status: string; counts: { processed: number } }[] = []
  const events = there.subscribe<{ jobProgress: (typeof seen)[number] }>(
    `subscription ($id: ID!) { jobProgress(id: $id) { seq status progress counts { processed } } }`,
    { id: job.id },
  )
  for await (const { jobProgress } of events) seen.push(jobProgress)

  expect(await jobEnd(here, job.id)).toMatchObject({
    status: 'COMPLETED',
    counts: { total: 128, succeeded: 128, failed: 0, skipped: 0 },
  })
  expect(seen.length).toBeGreaterThan(2)
  expect(seen.at(-1)).toMatchObject({ status: 'COMPLETED', counts: { processed: 128 } })
  const order = seen.map(({ seq }) => seq)
  expect([...order].sort((a, b) => a - b)).toEqual(order)
  expect(new Set(order).size).toBe(order.length)

  for (const item of await itemsOf(there, collectionId)) {
    const boxes = item.annotations.nodes.map(({ label, box }) => JSON.stringify([label, box]))
    expect(new Set(boxes).size).toBe(boxes.length)
  }
  // Each replica's own inference process decoded and ran pictures of this job.
  const pages = [first, second].map((gateway) => gateway.log().match(/"msg":"page settled"/g)?.length ?? 0)
  console.info(`pages settled by each worker: ${pages.join(', ')}`)
  expect(pages.reduce((sum, count) => sum + count, 0)).toBe(8)
  expect(Math.min(...pages)).toBeGreaterThan(0)
}, 180_000)
