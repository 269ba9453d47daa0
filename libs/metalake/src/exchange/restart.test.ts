import { mkdir, readdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Database } from '@lakelens/db'
import { useDatabase } from '@lakelens/db/testing'
import { sleep, type Closeable } from '@lakelens/kernel'
import { listAnnotations } from '../annotations'
import { makeItems } from '../annotations/testing/items'
import { tagsOfItems } from '../items'
import { getJob, jobFailures, startWorker, type Job } from '../jobs'
import { hasEnded } from '../jobs/jobs'
import { createUpload, receiveUpload } from '../uploads'
import { useTestLake } from '../uploads/uploadsTestLake'
import { exportAnnotations, importAnnotations } from '.'

const database = useDatabase()
const { lake, root } = useTestLake(database)
let worker: Closeable | undefined
afterEach(async () => {
  await worker?.close()
  worker = undefined
})

async function finished(job: Job): Promise<Job> {
  for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) {
    const state = await getJob(lake(), job.id)
    if (state && hasEnded(state.status)) return state
  }
  throw new Error(`the job did not end: ${JSON.stringify(await getJob(lake(), job.id))}`)
}

/** A database whose transactions end with a lost connection where `isHit` says so of a statement. */
const losing = (isHit: (text: string) => boolean): Database => ({
  ...database(),
  query: (text, values) => database().query(text, values),
  close: () => Promise.resolve(),
  transaction: (work) =>
    database().transaction((tx) =>
      work({
        ...tx,
        query: async (text, values) => {
          if (isHit(text)) throw Object.assign(new Error('the connection is gone'), { code: '57P01' })
          return tx.query(text, values)
        },
      }),
    ),
})

let count = 0
async function anImport(entries: number): Promise<{ job: Job; itemIds: string[] }> {
  const made = await makeItems(lake(), `c${count++}`, [{ name: 'a.png' }, { name: 'b.png' }])
  const rows = Array.from({ length: entries }, (_, n) =>
    n % 50 === 0 ? `nobody,x,,,,` : `${n % 2 ? 'a' : 'b'}.png,l${n % 3},${n / entries / 2},0,0.5,0.5`,
  )
  const bytes = Buffer.from(`name,label,x,y,width,height\n${rows.join('\n')}\n`)
  const { id } = await createUpload(lake(), { fileName: 'f.csv', byteSize: bytes.length, purpose: 'ANNOTATIONS' })
  await receiveUpload(lake(), id, Readable.from([bytes], { objectMode: false }))
  const job = await importAnnotations(lake(), { uploadId: id, collectionId: made.collectionId, format: 'CSV' })
  return { job, itemIds: made.items.map((item) => item.id) }
}
const total = async (itemIds: string[]): Promise<number> => {
  const pages = await Promise.all(itemIds.map((itemId) => listAnnotations(lake(), itemId, { first: 1 })))
  return (await Promise.all(pages.map((page) => page.totalCount()))).reduce((sum, n) => sum + n, 0)
}

test('an import that is interrupted begins anew, doubles nothing, and its counts are those of the whole', async () => {
  const { job, itemIds } = await anImport(1_000)
  const seen = { batches: 0, ends: 0 }
  // The connection goes in the middle of the third batch, then of the fourth, and when the end is written.
  const db = losing(
    (text) =>
      (text.startsWith('insert into annotation') && [3, 5].includes(++seen.batches)) ||
      (text.startsWith('update job set result') && seen.ends++ === 0),
  )
  worker = startWorker({ ...lake(), db }, { slots: 1 })
  expect(await finished(job)).toMatchObject({
    status: 'COMPLETED_WITH_ERRORS',
    counts: { total: 1_000, succeeded: 980, skipped: 0, failed: 20 },
  })
  expect(seen).toEqual({ batches: 7, ends: 2 })
  expect(await total(itemIds)).toBe(980)
  expect(await (await jobFailures(lake(), job.id, { first: 1 })).totalCount()).toBe(20)
  const tags = (await tagsOfItems(lake(), itemIds)).flat()
  expect(tags.reduce((sum, tag) => sum + tag.count, 0)).toBe(980)
})

test('a worker that comes late writes nothing: its page was claimed by another', async () => {
  const { job, itemIds } = await anImport(600)
  let stolen = false
  const db = losing(() => false)
  const stealing: Database = {
    ...db,
    transaction: async (work) => {
      // Between two batches another worker takes the job over, and this one has not heard of it.
      if (!stolen && (await total(itemIds)) > 0) {
        stolen = true
        await database().query('update job_page set fence = fence + 1 where job_id = $1', [job.id])
      }
      return db.transaction(work)
    },
  }
  const late = startWorker({ ...lake(), db: stealing }, { slots: 1 })
  while (!stolen) await sleep(10)
  await sleep(300)
  const written = await total(itemIds)
  expect(written).toBeGreaterThan(0)
  expect(written).toBeLessThan(588)
  await late.close()
  await database().query(
    'update job_page set lease_until = null, worker = null, not_before = now() where job_id = $1',
    [job.id],
  )
  worker = startWorker(lake(), { slots: 1 })
  expect((await finished(job)).counts).toMatchObject({ succeeded: 588, skipped: 0, failed: 12 })
  expect(await total(itemIds)).toBe(588)
})

test('an export that is interrupted writes its file whole, and nothing is left of the first attempt', async () => {
  const made = await makeItems(lake(), `c${count++}`, [{ name: 'a.png' }])
  let settles = 0
  const db = losing((text) => text.includes('set output_digest = $2') && settles++ < 2)
  const job = await exportAnnotations(lake(), { scope: { collectionId: made.collectionId }, format: 'COCO' })
  worker = startWorker({ ...lake(), db }, { slots: 1 })
  const { output } = await finished(job)
  expect(settles).toBe(3)
  const file = JSON.parse((await buffer(await lake().blobs.open(output!.digest))).toString())
  expect(file.images).toHaveLength(1)
  const scratch = path.join(root(), 'scratch')
  for (const folder of await readdir(scratch)) expect(await readdir(path.join(scratch, folder))).toEqual([])
})

test('what a process that was killed left in the scratch folder goes at the next start', async () => {
  const [own] = await readdir(path.join(root(), 'scratch'))
  const dead = path.join(root(), 'scratch', own!.replace(/-\d+-/, '-999999-'), 'export')
  await mkdir(dead, { recursive: true })
  await writeFile(path.join(dead, 'annotations'), 'half')
  worker = startWorker(lake(), { slots: 1 })
  for (const deadline = Date.now() + 5_000; (await readdir(path.join(root(), 'scratch'))).length > 1; await sleep(20))
    if (Date.now() > deadline) throw new Error('it is still there')
})
