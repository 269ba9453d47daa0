import { claimPage, insertItemPages } from './jobPages'
import { failJob, finishJobIfDone, insertJob, startJob } from './jobs'
import { dropStagedBefore, insertStagedDetections, stageDetections, type FrameDetection } from './stagedDetections'
import { useDatabase } from './testing'

const database = useDatabase()
const box = { x: 0.1, y: 0.2, width: 0.3, height: 0.4 }
const found = (frame: number, change: Partial<FrameDetection> = {}): FrameDetection => ({
  ...{ label: 'cat', confidence: 0.5, box, frame, timestampSeconds: frame / 10 },
  ...change,
})
const staged = async () =>
  (
    await database().query<{ page: string; fence: number; frame: number }>(
      'select page_id as page, fence, frame from staged_detection order by page_id, fence, frame',
    )
  ).rows

let item: string
let version: string
beforeAll(async () => {
  const { rows } = await database().query<{ id: string }>(
    `with b as (insert into blob (digest, byte_size) values (repeat('a', 64), 1) returning digest),
          c as (insert into collection (name, content_type, created_by) values ('c', 'VIDEO', 't') returning id)
     insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, created_by)
     select c.id, 'c/a', 'a', 'VIDEO', 'video/mp4', b.digest, 1, 't' from b, c returning id`,
  )
  item = rows[0]!.id
  const versions = await database().query<{ id: string }>(
    `with m as (insert into model (name, application, is_system) values ('m', 'AUTO_TAGGING', false) returning id)
     insert into model_version (model_id, version, status, runtime, origin, sha256, package_digest, byte_size, manifest)
     select id, 1, 'READY', 'ONNX', 'LOCAL', repeat('a', 64), 'p', 1, '{}' from m returning id`,
  )
  version = versions.rows[0]!.id
})
afterEach(() => database().query('delete from staged_detection'))

let jobs = 0
/** A job with one page, claimed so often. */
async function claimed(times = 1) {
  const key = `job ${jobs++}`
  const job = await insertJob(database(), {
    ...{
      kind: key,
      name: key,
      key,
      idempotencyKey: null,
      payload: {},
      parameters: {},
      collectionId: null,
      createdBy: 't',
    },
  })
  await insertItemPages(database(), job!.id, [[item]])
  await startJob(database(), job!.id)
  const claim = async () =>
    (await claimPage(database(), { worker: 'w', kinds: [key], leaseSeconds: -1, planAhead: 1 }))!
  let page = await claim()
  for (let n = 1; n < times; n++) page = await claim()
  return { jobId: job!.id, page }
}

test('only who holds the page notes anything for it', async () => {
  const { jobId, page } = await claimed(2)
  await stageDetections(database(), jobId, page, [found(3), found(1, { box: null })])
  await stageDetections(database(), jobId, { ...page, fence: page.fence - 1 }, [found(7)])
  await stageDetections(database(), jobId, { id: '999999', fence: 1 }, [found(7)])
  await stageDetections(database(), jobId, page, [])
  expect(await staged()).toEqual([1, 3].map((frame) => ({ page: page.id, fence: page.fence, frame })))
})

test('what was noted under an older fence goes, and never becomes an annotation', async () => {
  const { jobId, page } = await claimed()
  await stageDetections(database(), jobId, page, [found(1), found(2)])
  const again = (await claimPage(database(), {
    worker: 'v',
    kinds: [`job ${jobs - 1}`],
    leaseSeconds: 9,
    planAhead: 1,
  }))!
  expect(again.fence).toBe(page.fence + 1)
  await stageDetections(database(), jobId, again, [found(5, { label: 'dog' })])
  await database().transaction(async (tx) => {
    await insertStagedDetections(tx, again, item, { modelVersionId: version, jobId, parametersDigest: 'd' })
    const { rows } = await tx.query(
      'select label, kind, frame, timestamp_seconds as time, confidence, x, y, width, height from annotation where job_id = $1',
      [jobId],
    )
    expect(rows).toEqual([{ label: 'dog', kind: 'BOX', frame: 5, time: 0.5, confidence: 0.5, ...box }])
  })
  await dropStagedBefore(database(), page.id, again.fence)
  expect(await staged()).toEqual([{ page: page.id, fence: again.fence, frame: 5 }])
  await dropStagedBefore(database(), page.id, again.fence + 1)
  expect(await staged()).toEqual([])
})

test('a job that ends, well or not, leaves nothing noted behind, and other jobs’ notes alone', async () => {
  const other = await claimed()
  await stageDetections(database(), other.jobId, other.page, [found(0)])
  const failing = await claimed()
  await stageDetections(database(), failing.jobId, failing.page, [found(1)])
  const problem = { code: 'X', message: 'x', hint: null, retryable: false }
  await database().transaction((tx) => failJob(tx, failing.jobId, problem))
  const ending = await claimed()
  await stageDetections(database(), ending.jobId, ending.page, [found(2)])
  // As when a page is given up: nobody settled it.
  await database().query('delete from job_page where id = $1', [ending.page.id])
  expect(await database().transaction((tx) => finishJobIfDone(tx, ending.jobId))).toBe(true)
  expect(await staged()).toEqual([{ page: other.page.id, fence: other.page.fence, frame: 0 }])
})
