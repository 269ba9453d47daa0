import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { testDatabaseKind, useDatabase } from '@lakelens/db/testing'
import { sleep, type Closeable } from '@lakelens/kernel'
import { createDiskBlobStore } from '@lakelens/media'
import { deleteCollection, getJob, listItems, startAutoTag, startWorker, type Job, type Lake } from '@lakelens/metalake'
import { seedLake } from '../seed/seedLake'
import { lakeQuestions } from './lakeQueries'
import { standInLake } from './standInLake'

/** Twenty thousand where the database can take it; the embedded one shows the same in little. */
const items = testDatabaseKind() === 'postgres' ? 20_000 : 1_500
const database = useDatabase()
let root: string
let lake: Lake
let worker: Closeable | undefined

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lakelens-lake-'))
  lake = standInLake(database(), root)
  const { signal } = new AbortController()
  await seedLake(database(), createDiskBlobStore(root), { items, videos: 0, seed: 7, collections: 6, signal })
}, 60_000)
afterEach(async () => {
  await worker?.close()
  worker = undefined
})
afterAll(() => rm(root, { recursive: true, force: true }))

const count = async (sql: string, values: unknown[] = []): Promise<number> =>
  (await database().query<{ count: number }>(sql, values)).rows[0]?.count ?? -1
const labelled = `select count(distinct item_id)::integer as count from annotation
  where label = $1 and superseded_at is null and review <> 'REJECTED'`

/** The job at its end, and the most pages that were in wait at any look. */
async function runTagging(query: string): Promise<{ job: Job; mostPages: number }> {
  let mostPages = 0
  const { id } = await startAutoTag(lake, { scope: { metalake: { contentType: 'IMAGE' } }, query })
  worker = startWorker(lake)
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; await sleep(15)) {
    mostPages = Math.max(mostPages, await count('select count(*)::integer as count from job_page'))
    const job = await getJob(lake, id)
    if (job && job.status !== 'QUEUED' && job.status !== 'IN_PROGRESS') return { job, mostPages }
  }
  throw new Error(`the run did not end: ${JSON.stringify(await getJob(lake, id))}`)
}

test('a run over the whole lake by a rare label finds every item, and only those', async () => {
  const expected = await count(labelled, ['hair drier'])
  expect(expected).toBeGreaterThan(2)
  expect(expected).toBeLessThan(items / 50)
  const { job } = await runTagging('annotation.label="hair drier"')
  expect(job).toMatchObject({ status: 'COMPLETED', counts: { total: expected, succeeded: expected, failed: 0 } })
  const stray = `select count(*)::integer as count from item_result r where r.job_id = $1 and not exists (
    select from annotation a where a.item_id = r.item_id and a.label = 'hair drier' and a.review <> 'REJECTED')`
  expect(await count(stray, [job.id])).toBe(0)
  expect(await count(`select count(*)::integer as count from item_result where job_id = $1`, [job.id])).toBe(expected)
}, 60_000)

test('a run over a large part of it keeps a handful of pages in wait, whatever the part', async () => {
  const expected = await count(labelled, ['car'])
  expect(expected).toBeGreaterThan(items / 10)
  const { job, mostPages } = await runTagging('annotation.label=car')
  expect(job).toMatchObject({ status: 'COMPLETED', counts: { total: expected, failed: 0 } })
  expect(job.counts.succeeded + job.counts.skipped).toBe(expected)
  // 32 waiting, one planning step's 32 more, and those in hand.
  expect(mostPages).toBeLessThan(80)
}, 60_000)

test('items deleted under a run are simply gone: both jobs end, and nothing is said of what is no more', async () => {
  const { rows } = await database().query<{ id: string; name: string }>(
    'select id, name from collection order by id desc limit 1',
  )
  const [last] = rows
  const before = await count('select max(id)::integer as count from job')
  const running = runTagging('tag.label=truck OR tag.label=bus OR tag.label=bench')
  while ((await count('select count(*)::integer as count from item_result where job_id > $1', [before])) === 0)
    await sleep(10)
  const { job: deletion } = await deleteCollection(lake, { collectionId: last?.id ?? '' })
  const { job } = await running
  expect(job).toMatchObject({ status: 'COMPLETED', counts: { failed: 0 } })
  expect(job.counts.total).toBe(job.counts.succeeded + job.counts.skipped)
  for (
    const deadline = Date.now() + 20_000;
    (await getJob(lake, deletion?.id ?? ''))?.status !== 'COMPLETED';
    await sleep(20)
  )
    if (Date.now() > deadline) throw new Error('the deletion did not end')
  expect(await count('select count(*)::integer as count from collection where id = $1', [last?.id])).toBe(0)
  expect(
    await count('select count(*)::integer as count from item where unique_name like $1', [`${last?.name}\\_%`]),
  ).toBe(0)
}, 60_000)

test('every list begins as the statement by hand does, and its pages are its items, each once and in order', async () => {
  const { rows } = await database().query<{ id: string }>('select id from collection order by id desc limit 1')
  for (const question of lakeQuestions({ id: rows[0]?.id ?? '' })) {
    const byHand = await database().query<{ unique_name: string }>(
      (question.statements[0] ?? '').replace(/limit \d+$/, 'limit 250'),
      question.values,
    )
    const names: string[] = []
    let after: string | null = null
    do {
      const page: Awaited<ReturnType<typeof listItems>> = await listItems(lake, { ...question.ask, first: 50, after })
      names.push(...page.edges.map(({ node }) => node.uniqueName))
      after = page.hasNextPage ? (page.edges.at(-1)?.cursor ?? null) : null
    } while (after !== null && names.length < 250)
    expect({ [question.name]: names.slice(0, 250) }).toEqual({
      [question.name]: byHand.rows.map((row) => row.unique_name),
    })
  }
}, 60_000)
