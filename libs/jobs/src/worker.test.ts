import { insertItemPages, insertPage, jobsByIds, lastItemId, type Db, type JobRow } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { LakeError, silentLogger, sleep, type Closeable } from '@lakelens/kernel'
import { enqueue, startWorker, type JobTask } from '.'
import type { FaultReport } from './task'

const database = useDatabase()
const workers: Closeable[] = []
let itemIds: string[]

beforeAll(async () => {
  const digest = 'a'.repeat(64)
  await database().query(`insert into blob (digest, byte_size) values ($1, 1)`, [digest])
  const { rows } = await database().query<{ id: string }>(
    `insert into collection (name, content_type, created_by) values ('c', 'IMAGE', 't') returning id`,
  )
  await database().query(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, created_by)
     select $1, 'c_' || n, n::text, 'IMAGE', 'image/png', $2, 1, 't' from generate_series(1, 100) as n`,
    [rows[0]?.id, digest],
  )
  itemIds = (await database().query<{ id: string }>(`select id from item order by id`)).rows.map((row) => row.id)
  await database().query(`create table written (job_id bigint, item_id bigint, worker text)`)
  await database().query(`insert into model (name, application, is_system) values ('m', 'AUTO_TAGGING', true)`)
  await database().query(
    `insert into model_version (model_id, version, status, runtime, origin, sha256, package_digest, byte_size, manifest) values (1, 1, 'READY', 'ONNX', 'LOCAL', $1, 'p', 1, '{}')`,
    [digest],
  )
})

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.close()))
})

const cut = (ids: string[], size = 7): string[][] =>
  Array.from({ length: Math.ceil(ids.length / size) }, (_, n) => ids.slice(n * size, (n + 1) * size))

/** Writes one row an item, without any constraint that would hide a second one. */
const writingTask = (worker: string, overrides: Partial<JobTask> = {}): JobTask => ({
  prepare: () =>
    Promise.resolve({ parameters: {}, parametersDigest: 'd', modelId: '1', modelVersionId: '1', total: 100 }),
  async plan(tx, _job, { after, upTo }) {
    const { rows } = await tx.query<{ id: string }>(
      `select id from item where id > $1 and id <= $2 order by id limit 30`,
      [after, upTo],
    )
    return {
      pages: cut(rows.map((row) => row.id)),
      skipped: 0,
      next: rows.length === 30 ? (rows.at(-1)?.id ?? null) : null,
    }
  },
  run: (job, ids) => Promise.resolve((tx: Db) => write(tx, job, ids, worker)),
  ...overrides,
})

async function write(tx: Db, job: JobRow, ids: readonly string[], worker: string) {
  await tx.query(`insert into written (job_id, item_id, worker) select $1, id, $3 from unnest($2::bigint[]) as id`, [
    job.id,
    ids,
    worker,
  ])
  return { succeeded: ids.length, skipped: 0, failures: [], lastUniqueName: null }
}

const reportFault = (error: unknown): FaultReport => {
  const waits = error instanceof LakeError && error.category === 'UNAVAILABLE'
  return {
    waits,
    problem: { code: waits ? 'UNAVAILABLE' : 'INTERNAL', message: String(error), hint: null, retryable: true },
  }
}

const start = (task: JobTask, options: { leaseSeconds?: number; slots?: number } = {}): Closeable => {
  const worker = startWorker({
    database: database(),
    tasks: { test: task },
    reportFault,
    log: silentLogger(),
    pollMs: 20,
    ...options,
  })
  workers.push(worker)
  return worker
}

let requests = 0
const queue = async (key = `request ${requests++}`): Promise<JobRow> => {
  const upperBound = await lastItemId(database())
  const job = {
    kind: 'test',
    name: 'a test',
    key,
    idempotencyKey: null,
    payload: {},
    parameters: {},
    collectionId: null,
    createdBy: 't',
  }
  return (await database().transaction((tx) => enqueue(tx, job, upperBound))).job
}

const ended = async (id: string, withinMs = 15_000): Promise<JobRow> => {
  for (const end = Date.now() + withinMs; ; await sleep(20)) {
    const [job] = await jobsByIds(database(), [id])
    if (job && !['QUEUED', 'IN_PROGRESS'].includes(job.status)) return job
    if (Date.now() > end) throw new Error(`job ${id} is still ${job?.status} after ${withinMs} ms`)
  }
}

const timesWritten = async (jobId: string): Promise<number[]> => {
  const { rows } = await database().query<{ count: number }>(
    `select count(*)::integer as count from written where job_id = $1 group by item_id`,
    [jobId],
  )
  return rows.map((row) => row.count)
}

test('every item is written exactly once, and nothing is left outstanding', async () => {
  start(writingTask('a'))
  const job = await ended((await queue()).id)
  expect(job).toMatchObject({ status: 'COMPLETED', succeeded: 100, skipped: 0, failed: 0, total: 100 })
  expect(await timesWritten(job.id)).toEqual(Array(100).fill(1))
  expect((await database().query(`select 1 from job_page`)).rowCount).toBe(0)
})

test('the same request asked twice at once is one job; once it has ended it may run again', async () => {
  const [first, second] = await Promise.all([queue('same'), queue('same')])
  expect(second.id).toBe(first.id)
  start(writingTask('a'))
  await ended(first.id)
  const third = await queue('same')
  expect(third.id).not.toBe(first.id)
  await ended(third.id)
})

test('two workers share one job and double nothing', async () => {
  const slowly = (name: string) =>
    writingTask(name, { run: async (job, ids) => (await sleep(15), (tx: Db) => write(tx, job, ids, name)) })
  start(slowly('a'), { slots: 2 })
  start(slowly('b'), { slots: 2 })
  const job = await ended((await queue()).id)
  expect(await timesWritten(job.id)).toEqual(Array(100).fill(1))
  const { rows } = await database().query<{ worker: string }>(
    `select distinct worker from written where job_id = $1 order by 1`,
    [job.id],
  )
  expect(rows.map((row) => row.worker)).toEqual(['a', 'b'])
})

test('a worker that comes back after its lease ended finds its page gone and writes nothing', async () => {
  // It works on the first page without a heartbeat reaching the database, as a stopped process does.
  let release: () => void = () => undefined
  const stopped = new Promise<void>((resolve) => (release = resolve))
  let firstPage: readonly string[] = []
  const hanging = writingTask('late', {
    run: async (job, ids) => {
      firstPage = ids
      await stopped
      return (tx: Db) => write(tx, job, ids, 'late')
    },
  })
  start(hanging, { slots: 1, leaseSeconds: 30 })
  const { id } = await queue()
  while (firstPage.length === 0) await sleep(10)
  await database().query(`update job_page set lease_until = now() - interval '1 second' where worker is not null`)
  start(writingTask('other'))
  const job = await ended(id)
  release()
  await sleep(100)
  expect(job).toMatchObject({ status: 'COMPLETED', succeeded: 100 })
  expect(await timesWritten(id)).toEqual(Array(100).fill(1))
})

test('a fault of the surroundings is waited out, visibly, and costs no attempt', async () => {
  let away = true
  const task = writingTask('a', {
    run: (job, ids) =>
      away
        ? Promise.reject(new LakeError('INFERENCE_UNAVAILABLE', 'UNAVAILABLE', 'inference is away'))
        : Promise.resolve((tx: Db) => write(tx, job, ids, 'a')),
  })
  start(task)
  const { id } = await queue()
  for (;;) {
    const [job] = await jobsByIds(database(), [id])
    if (job?.error?.code === 'UNAVAILABLE') break
    await sleep(20)
  }
  away = false
  expect(await ended(id)).toMatchObject({ status: 'COMPLETED', succeeded: 100, failed: 0, error: null })
})

test('an item that always ends in an unforeseen error fails alone', async () => {
  const poison = itemIds[41] as string
  const task = writingTask('a', {
    run: (job, ids) =>
      ids.includes(poison) ? Promise.reject(new Error('boom')) : Promise.resolve((tx: Db) => write(tx, job, ids, 'a')),
  })
  start(task, { slots: 4 })
  const { id } = await queue()
  // Back-off is for people's databases, not for this test: every wait is cut short.
  const hurry = setInterval(
    () => void database().query(`update job_page set not_before = now() where lease_until is null`),
    30,
  )
  const job = await ended(id, 25_000).finally(() => clearInterval(hurry))
  expect(job).toMatchObject({ status: 'COMPLETED_WITH_ERRORS', succeeded: 99, failed: 1 })
  const { rows } = await database().query(`select item_id as "itemId", code from job_failure where job_id = $1`, [id])
  expect(rows).toEqual([{ itemId: poison, code: 'WORKER_FAILED' }])
})

test('a job that cannot be prepared fails with its reason and leaves no pages', async () => {
  const refuse = (error: unknown): FaultReport => ({
    waits: false,
    problem: { code: 'MODEL_UNAVAILABLE', message: String(error), hint: null, retryable: false },
  })
  const task = writingTask('a', { prepare: () => Promise.reject(new Error('no such weights')) })
  workers.push(
    startWorker({ database: database(), tasks: { test: task }, reportFault: refuse, log: silentLogger(), pollMs: 20 }),
  )
  const job = await ended((await queue()).id)
  expect(job.status).toBe('FAILED')
  expect(job.error).toMatchObject({ code: 'MODEL_UNAVAILABLE', message: 'Error: no such weights' })
  expect((await database().query(`select 1 from job_page where job_id = $1`, [job.id])).rowCount).toBe(0)
})

test('closing hands work back at once and without counting an attempt', async () => {
  const task = writingTask('a', { run: (_job, _ids, { signal }) => sleep(60_000, signal) as never })
  const worker = start(task, { slots: 2 })
  const { id } = await queue()
  for (;;) {
    if (
      (
        await database().query(`select 1 from job_page where job_id = $1 and stage = 'ITEMS' and worker is not null`, [
          id,
        ])
      ).rowCount === 2
    )
      break
    await sleep(20)
  }
  const before = Date.now()
  await worker.close()
  expect(Date.now() - before).toBeLessThan(2_000)
  const { rows } = await database().query<{ worker: string | null; attempts: number }>(
    `select worker, attempts from job_page where job_id = $1`,
    [id],
  )
  expect(rows.every((row) => row.worker === null && row.attempts === 0)).toBe(true)
  start(writingTask('b'))
  expect(await ended(id)).toMatchObject({ status: 'COMPLETED', succeeded: 100 })
})

test('jobs take turns: a short one queued behind a long one ends first', async () => {
  const task = writingTask('a', { run: async (job, ids) => (await sleep(20), (tx: Db) => write(tx, job, ids, 'a')) })
  const long = await queue()
  await database().transaction(async (tx) => {
    await insertItemPages(tx, long.id, cut(Array.from({ length: 20 }, () => itemIds).flat()))
    await insertPage(tx, { jobId: long.id, stage: 'PLAN', cursor: '0', upperBound: '0' })
  })
  const short = await queue()
  start(task, { slots: 2 })
  await ended(short.id)
  const [row] = await jobsByIds(database(), [long.id])
  expect(row?.status).toBe('IN_PROGRESS')
  await database().query(`delete from job_page where job_id = $1`, [long.id])
  await database().query(`update job set status = 'FAILED' where id = $1`, [long.id])
})
