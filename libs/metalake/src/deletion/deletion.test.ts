import { holdCollection, insertItems, itemReferences, touchBlob, type Database, type Db } from '@lakelens/db'
import { testDatabaseKind, useDatabase } from '@lakelens/db/testing'
import { isLakeError, type Closeable } from '@lakelens/kernel'
import { viewerOf } from '../access'
import { createCollection, getCollection, updateCollection } from '../collections'
import { addItems, getItem, listItems } from '../items'
import { getJob, startWorker, watchJob, type Job } from '../jobs'
import { hasEnded } from '../jobs/jobs'
import type { Lake } from '../lake'
import { createUpload, storeBlob, sweepUploads } from '../uploads'
import { useTestLake } from '../uploads/uploadsTestLake'
import { deleteCollection, deleteItems } from '.'

const database = useDatabase()
const { lake } = useTestLake(database)
let worker: Closeable | undefined
const work = (over: Lake = lake()): void => {
  worker = startWorker(over, { slots: 2 })
}
afterEach(async () => {
  await worker?.close()
  worker = undefined
})

const countOf = async (table: string): Promise<number> =>
  (await database().query<{ count: number }>(`select count(*)::integer as count from ${table}`)).rows[0]?.count ?? -1

/** A collection of items, `content(n)` the bytes of each; every item with annotations, a tag, a result and a failure. */
async function fill(name: string, count: number, content = (n: number) => `${name} ${n}`) {
  const { id } = await createCollection(lake(), { name, contentType: 'IMAGE' })
  const digests: string[] = []
  for (let n = 0; n < count; n++) {
    const known = digests[n - 1] !== undefined && content(n) === content(n - 1)
    digests.push(
      known ? (digests[n - 1] ?? '') : (await storeBlob(lake(), Buffer.from(content(n)), { maxBytes: 100 })).digest,
    )
  }
  const items = await insertItems(
    database(),
    digests.map((digest, n) => ({
      collectionId: id,
      uniqueName: `${name}_${n}.png`,
      name: `${n}.png`,
      contentType: 'IMAGE' as const,
      mediaType: 'image/png',
      digest,
      byteSize: content(n).length,
      width: 1,
      height: 1,
      thumbnailDigest: digest,
    })),
    'test',
  )
  const ids = items.map((item) => item.id)
  await database().query(
    `insert into annotation (item_id, label, source, kind, superseded_at)
     select id, 'cat', 'HUMAN', 'LABEL', case when n = 3 then now() end
     from unnest($1::bigint[]) as id, generate_series(1, 3) as n`,
    [ids],
  )
  await database().query(
    `insert into item_tag (item_id, label, source, count) select id, 'cat', 'HUMAN', 2 from unnest($1::bigint[]) as id`,
    [ids],
  )
  return { id, ids, digests }
}

async function finished(job: Job | null): Promise<Job> {
  for await (const { job: state } of watchJob(lake(), job?.id ?? '', AbortSignal.timeout(20_000)))
    if (hasEnded(state.status)) return state
  throw new Error(`the deletion did not end: ${JSON.stringify(await getJob(lake(), job?.id ?? ''))}`)
}

const code = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'nothing was refused',
    (error: unknown) => (isLakeError(error) ? `${error.code} ${error.path?.join('.') ?? ''}`.trim() : String(error)),
  )
const age = (): Promise<unknown> => database().query("update blob set touched_at = now() - interval '25 hours'")
const hasFile = async (digest: string): Promise<boolean> => (await lake().blobs.stat(digest)) !== null

test('the tables that refer to an item are the ones a deletion clears', async () => {
  const { rows } = await database().query<{ table: string }>(
    `select conrelid::regclass::text as table from pg_constraint
     where contype = 'f' and confrelid = 'item'::regclass and conparentid = 0`,
  )
  expect(rows.map(({ table }) => table).sort()).toEqual([...itemReferences].sort())
  // Each has an index that finds what refers to an item, whatever its state: without one every deleted item reads the whole table.
  const { rows: indexed } = await database().query<{ table: string }>(
    `select distinct i.indrelid::regclass::text as table
     from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
     where a.attname = 'item_id' and i.indpred is null and i.indrelid = any ($1::regclass[])`,
    [itemReferences],
  )
  expect(indexed.map(({ table }) => table).sort()).toEqual([...itemReferences].sort())
})

test('a dry run counts what would go, and takes nothing', async () => {
  const { id } = await fill('counted', 7, (n) => `content ${n % 2 === 0 ? n : n - 1}`)
  const before = [await countOf('item'), await countOf('annotation'), await countOf('job')]
  const asked = await deleteItems(lake(), { scope: { collectionId: id }, dryRun: true })
  // Seven items of four contents; two live annotations each, and a third that was superseded.
  expect(asked).toEqual({
    job: null,
    plan: { items: 7, annotations: 14, vectors: 0, bytes: 4 * 'content 0'.length, warnings: [] },
  })
  const { plan } = await deleteItems(lake(), {
    scope: { uniqueNames: ['counted_0.png', 'counted_6.png'] },
    dryRun: true,
  })
  expect(plan).toMatchObject({ items: 2, warnings: ['1 of the files belongs to other items too and stays.'] })
  expect((await deleteCollection(lake(), { collectionId: id, dryRun: true })).plan).toMatchObject({ items: 7 })
  expect([await countOf('item'), await countOf('annotation'), await countOf('job')]).toEqual(before)
  expect(await getCollection(lake(), id)).toMatchObject({ deleting: false })
})

test('items go with all that is said of them; what is not meant stays', async () => {
  const { id, ids } = await fill('partly', 600)
  const { rows } = await database().query<{ id: string }>(
    `insert into job (kind, name, status, key, payload, parameters, created_by)
     values ('autoTag', 'x', 'COMPLETED', 'x', '{}', '{}', 'x') returning id`,
  )
  await database().query(
    `insert into job_failure (job_id, item_id, code, message) select $1, id, 'X', 'x' from unnest($2::bigint[]) as id`,
    [rows[0]?.id, ids],
  )
  work()
  const names = Array.from({ length: 599 }, (_, n) => `partly_${n}.png`)
  const job = await finished((await deleteItems(lake(), { scope: { uniqueNames: names } })).job)
  expect(job).toMatchObject({ status: 'COMPLETED', type: 'DELETE', counts: { total: 599, succeeded: 599, failed: 0 } })
  const left = await listItems(lake(), { scope: { collectionId: id }, first: 10 })
  expect(left.edges.map(({ node }) => node.uniqueName)).toEqual(['partly_599.png'])
  for (const table of ['annotation', 'item_tag', 'job_failure']) {
    const { rows: rest } = await database().query(`select distinct item_id from ${table} where item_id = any ($1)`, [
      ids,
    ])
    expect(rest).toEqual([{ item_id: ids[599] }])
  }
})

test('a collection closes at once and is gone at the end; asking again with the key gives the same job', async () => {
  const { id } = await fill('leaving', 300)
  const { job } = await deleteCollection(lake(), { collectionId: id, idempotencyKey: 'leave' })
  expect(await getCollection(lake(), id)).toMatchObject({ deleting: true })
  expect(await code(updateCollection(lake(), { collectionId: id }))).toBe('COLLECTION_DELETING collectionId')
  expect((await deleteCollection(lake(), { collectionId: id })).job?.id).toBe(job?.id)
  work()
  expect(await finished(job)).toMatchObject({ status: 'COMPLETED', counts: { succeeded: 300 } })
  expect(await getCollection(lake(), id)).toBeNull()
  expect(await getItem(lake(), 'leaving_0.png')).toBeNull()
  expect((await deleteCollection(lake(), { collectionId: id, idempotencyKey: 'leave' })).job?.id).toBe(job?.id)
  expect(await code(deleteCollection(lake(), { collectionId: id }))).toBe('COLLECTION_NOT_FOUND collectionId')
  expect(await code(deleteCollection(lake(), { collectionId: '1', idempotencyKey: 'leave' }))).toBe(
    'IDEMPOTENCY_KEY_REUSED idempotencyKey',
  )
  // The name is free again.
  await createCollection(lake(), { name: 'leaving', contentType: 'IMAGE' })
})

test('a fault in the middle of a page leaves whole items, and the job goes on', async () => {
  const { id } = await fill('faulty', 700)
  const seen: number[] = []
  let faults = 3
  const failing: Database = {
    ...database(),
    transaction: (inner) =>
      database().transaction((tx) => {
        const query = async (text: string, values?: readonly unknown[]) => {
          if (text.startsWith('delete from item where') && faults-- > 0)
            throw Object.assign(new Error('the connection is gone'), { code: '57P01' })
          return tx.query(text, values)
        }
        return inner({ ...tx, query } as Db)
      }),
    // Between two statements of anybody else every item still there has all of its annotations.
    query: (async (text: string, values?: readonly unknown[]) => {
      const { rows } = await database().query<{ torn: number }>(
        `select count(*)::integer as torn from item i
         where i.collection_id = $1 and (select count(*) from annotation a where a.item_id = i.id) <> 3`,
        [id],
      )
      seen.push(rows[0]?.torn ?? -1)
      return database().query(text, values)
    }) as Database['query'],
  }
  const { job } = await deleteCollection(lake(), { collectionId: id })
  work({ ...lake(), db: failing })
  expect(await finished(job)).toMatchObject({ status: 'COMPLETED', counts: { total: 700, succeeded: 700, skipped: 0 } })
  expect(faults).toBeLessThanOrEqual(0)
  expect(seen.length).toBeGreaterThan(5)
  expect(new Set(seen)).toEqual(new Set([0]))
  expect(await getCollection(lake(), id)).toBeNull()
})

test('files go a day later, when nobody has them any more', async () => {
  await database().query('delete from item')
  await age()
  await sweepUploads(lake())
  const first = await fill('first', 3, (n) => `shared ${n}`)
  const second = await fill('second', 1, () => 'shared 1')
  const [exported, shared, alone] = first.digests as [string, string, string]
  await database().query(
    `insert into job (kind, name, status, key, payload, parameters, created_by, output_digest)
     values ('exportAnnotations', 'x', 'COMPLETED', 'e', '{}', '{}', 'x', $1)`,
    [exported],
  )
  await age()
  work()
  await finished((await deleteCollection(lake(), { collectionId: first.id })).job)
  expect(await sweepUploads(lake())).toMatchObject({ blobs: 0 })
  await age()
  expect(await sweepUploads(lake())).toMatchObject({ blobs: 1 })
  expect(await Promise.all([exported, shared, alone].map(hasFile))).toEqual([true, true, false])
  await finished((await deleteCollection(lake(), { collectionId: second.id })).job)
  await age()
  expect(await sweepUploads(lake())).toMatchObject({ blobs: 1 })
  expect(await Promise.all([exported, shared].map(hasFile))).toEqual([true, false])
})

test('the whole lake must be meant in so many words, and only an admin may', async () => {
  const { ids } = await fill('everything', 5)
  const scope = { metalake: { contentType: 'IMAGE' } }
  expect(await code(deleteItems(lake(), { scope }))).toBe('DELETION_UNCONFIRMED confirmEverything')
  expect(await code(deleteItems(lake(), { scope, filter: {}, query: ' ' }))).toMatch(/^DELETION_UNCONFIRMED/)
  expect(await code(deleteItems(lake(), { scope: { uniqueNames: ['everything_0.png', 'nobody'] } }))).toBe(
    'ITEMS_UNKNOWN scope.uniqueNames',
  )
  for (const role of ['VIEWER', 'ANALYST'] as const) {
    const other = { ...lake(), viewer: viewerOf(role) }
    expect(await code(deleteItems(other, { scope, dryRun: true }))).toBe('PERMISSION_MISSING')
    expect(await code(deleteCollection(other, { collectionId: '1' }))).toBe('PERMISSION_MISSING')
  }
  expect(await countOf('item')).toBeGreaterThanOrEqual(ids.length)
  work()
  await finished((await deleteItems(lake(), { scope, confirmEverything: true })).job)
  expect(await countOf('item')).toBe(0)
})

test('who adds while a collection is deleted is either in time, and goes with it, or refused', async () => {
  const { id } = await createCollection(lake(), { name: 'raced', contentType: 'IMAGE' })
  const digest = 'a'.repeat(64)
  await touchBlob(database(), { digest, byteSize: 1 })
  const uploads = await Promise.all(
    Array.from({ length: 24 }, (_, n) => createUpload(lake(), { fileName: `${n}.png`, byteSize: 1, purpose: 'ITEM' })),
  )
  await database().query(
    `update upload set status = 'READY', digest = $1, media_type = 'image/png', width = 1, height = 1, content_type = 'IMAGE'
     where status = 'WAITING'`,
    [digest],
  )
  work()
  const adding = uploads.map((upload) =>
    code(addItems(lake(), { collectionId: id, items: [{ source: { uploadId: upload.id } }] })),
  )
  const { job } = await deleteCollection(lake(), { collectionId: id })
  const outcomes = new Set(await Promise.all(adding))
  for (const outcome of outcomes)
    expect(['nothing was refused', 'COLLECTION_DELETING collectionId', 'COLLECTION_NOT_FOUND collectionId']).toContain(
      outcome,
    )
  expect(await finished(job)).toMatchObject({ status: 'COMPLETED' })
  expect(await getCollection(lake(), id)).toBeNull()
  const { rowCount } = await database().query('select from item where collection_id = $1', [id])
  expect(rowCount).toBe(0)
})

// The embedded database is one session: there is nobody to wait for.
if (testDatabaseKind() === 'postgres')
  test('a deletion waits for who is adding, and takes what was added', async () => {
    const { id } = await fill('waited', 1)
    let held!: () => void
    let added!: () => void
    const holding = new Promise<void>((resolve) => (held = resolve))
    const waited = new Promise<void>((resolve) => (added = resolve))
    const adding = database().transaction(async (tx) => {
      await holdCollection(tx, id)
      held()
      await waited
      await tx.query(
        `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, created_by)
       select collection_id, 'waited_late', 'late', content_type, media_type, digest, byte_size, 'x' from item where collection_id = $1`,
        [id],
      )
    })
    await holding
    const deleting = deleteCollection(lake(), { collectionId: id })
    await new Promise((resolve) => setTimeout(resolve, 100))
    added()
    await adding
    work()
    expect(await finished((await deleting).job)).toMatchObject({ counts: { succeeded: 2 } })
    expect(await getCollection(lake(), id)).toBeNull()
  })
