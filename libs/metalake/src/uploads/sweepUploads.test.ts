import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { blobReferences } from '@lakelens/db'
import { testDatabaseKind, useDatabase } from '@lakelens/db/testing'
import type { BlobStore } from '@lakelens/media'
import { viewerOf } from '../access'
import type { Lake } from '../lake'
import { createUpload, ensureProbed, probesSettled, receiveUpload, storeBlob, sweepUploads } from '.'
import { useTestLake } from './uploadsTestLake'

const database = useDatabase()
const { lake } = useTestLake(database)
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const store = (text: string): Promise<unknown> => storeBlob(lake(), Buffer.from(text), { maxBytes: 1_000 })
const hasFile = async (text: string): Promise<boolean> => (await lake().blobs.stat(sha256(text))) !== null
const hasRow = async (text: string): Promise<boolean> =>
  (await database().query('select from blob where digest = $1', [sha256(text)])).rowCount > 0
const age = (text: string): Promise<unknown> =>
  database().query("update blob set touched_at = now() - interval '25 hours' where digest = $1", [sha256(text)])
const ageAll = (): Promise<unknown> => database().query("update blob set touched_at = now() - interval '25 hours'")

async function upload(text: string): Promise<string> {
  const { id } = await createUpload(lake(), { fileName: 'a.png', byteSize: text.length, purpose: 'ITEM' })
  await receiveUpload(lake(), id, Readable.from([Buffer.from(text)], { objectMode: false }))
  await ensureProbed(lake(), id)
  return id
}

beforeEach(async () => {
  await database().query('delete from item')
  await database().query('delete from upload')
  await database().query('delete from blob')
})
afterEach(() => probesSettled(database()))

test('the columns that refer to a blob are the ones the sweep asks', async () => {
  const { rows } = await database().query<{ table: string; column: string }>(
    `select c.conrelid::regclass::text as table, a.attname as column
     from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any (c.conkey)
     where c.contype = 'f' and c.confrelid = 'blob'::regclass`,
  )
  expect(rows.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(
    blobReferences.map((pair) => pair.join('.')).sort(),
  )
})

test('an expired upload goes at once, its picture and thumbnail a day later, and nothing before its time', async () => {
  const [expired, fresh] = [await upload('picture 1x1 expired'), await upload('picture 1x1 fresh')]
  await ageAll()
  await database().query("update upload set expires_at = now() - interval '1 minute' where id = $1", [expired])
  expect(await sweepUploads(lake())).toEqual({ uploads: 1, blobs: 0 })
  await expect(ensureProbed(lake(), expired)).rejects.toMatchObject({ code: 'UPLOAD_NOT_FOUND' })
  expect(await hasFile('picture 1x1 expired')).toBe(true)

  await ageAll()
  expect(await sweepUploads(lake())).toEqual({ uploads: 0, blobs: 2 })
  for (const text of ['picture 1x1 expired', 'thumbnail of picture 1x1 expired']) {
    expect([await hasFile(text), await hasRow(text)]).toEqual([false, false])
  }
  for (const text of ['picture 1x1 fresh', 'thumbnail of picture 1x1 fresh'])
    expect([await hasFile(text), await hasRow(text)]).toEqual([true, true])
  expect(await ensureProbed(lake(), fresh)).toMatchObject({ width: 1 })
})

test('what an item refers to stays for good', async () => {
  const id = await upload('picture 5x5 kept')
  const { digest, thumbnailDigest } = await ensureProbed(lake(), id)
  const { rows } = await database().query<{ id: string }>(
    "insert into collection (name, content_type, created_by) values ('kept', 'IMAGE', 'x') returning id",
  )
  await database().query(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, thumbnail_digest, created_by)
     values ($1, 'kept_a', 'a', 'IMAGE', 'image/png', $2, 1, $3, 'x')`,
    [rows[0]!.id, digest, thumbnailDigest],
  )
  await database().query('delete from upload')
  await ageAll()
  expect(await sweepUploads(lake())).toEqual({ uploads: 0, blobs: 0 })
  expect([await hasFile('picture 5x5 kept'), await hasFile('thumbnail of picture 5x5 kept')]).toEqual([true, true])
})

test('more than one batch is swept, whatever lies between', async () => {
  const texts = Array.from({ length: 250 }, (_, index) => `blob ${index}`)
  await Promise.all(texts.map(store))
  await Promise.all(texts.filter((_, index) => index % 5 !== 0).map(age))
  expect(await sweepUploads(lake())).toEqual({ uploads: 0, blobs: 200 })
  expect((await Promise.all(texts.map(hasFile))).filter(Boolean)).toHaveLength(50)
})

test('six hundred expired uploads go in one sweep', async () => {
  await database().query(
    `insert into upload (id, file_name, purpose, byte_size, created_by, expires_at)
     select 'expired-' || n, 'a', 'ITEM', 1, 'x', now() - interval '1 hour' from generate_series(1, 1200) n`,
  )
  expect(await sweepUploads(lake())).toEqual({ uploads: 1200, blobs: 0 })
})

test('storing what is being swept ends with a file and a row, every time, whoever comes first', async () => {
  for (let round = 0; round < 30; round += 1) {
    const text = `raced ${round}`
    await store(text)
    await age(text)
    await Promise.all([sweepUploads(lake()), store(text), sweepUploads(lake()), store(text)])
    expect([await hasFile(text), await hasRow(text)]).toEqual([true, true])
  }
})

test('who stores while the sweep unlinks waits for it, and writes the file after', async () => {
  const text = 'stored while unlinking'
  await store(text)
  await age(text)
  const steps: string[] = []
  const { blobs } = lake()
  let unlinking = (): void => undefined
  const begun = new Promise<void>((resolve) => (unlinking = resolve))
  const slow: BlobStore = {
    ...blobs,
    async delete(digest) {
      unlinking()
      await new Promise((resolve) => setTimeout(resolve, 200))
      await blobs.delete(digest)
      steps.push('unlinked')
    },
  }
  const sweeping = sweepUploads({ ...lake(), blobs: slow })
  await begun
  await store(text)
  steps.push('stored')
  await sweeping
  expect(steps).toEqual(['unlinked', 'stored'])
  expect([await hasFile(text), await hasRow(text)]).toEqual([true, true])
})

test('a store that fails to delete leaves the row, and the next sweep tries again', async () => {
  await store('stuck')
  await age('stuck')
  const failing: Lake = {
    ...lake(),
    blobs: { ...lake().blobs, delete: () => Promise.reject(new Error('read-only file system')) },
  }
  await expect(sweepUploads(failing)).rejects.toThrow('read-only file system')
  expect([await hasFile('stuck'), await hasRow('stuck')]).toEqual([true, true])
  expect(await sweepUploads(lake())).toEqual({ uploads: 0, blobs: 1 })
})

test('a row whose file a crash took is made whole by storing the bytes again', async () => {
  await store('lost')
  await lake().blobs.delete(sha256('lost'))
  await store('lost')
  expect(await hasFile('lost')).toBe(true)
})

test('only an administrator or the product itself sweeps', async () => {
  await expect(sweepUploads({ ...lake(), viewer: viewerOf('ANALYST') })).rejects.toMatchObject({
    category: 'FORBIDDEN',
  })
})

// One embedded session can't hold a transaction open beside another.
const onPostgres = testDatabaseKind() === 'postgres' ? test : test.skip
onPostgres('a blob that is being referred to is left alone', async () => {
  await store('being used')
  await age('being used')
  let isReferred = (): void => undefined
  const referred = new Promise<void>((resolve) => (isReferred = resolve))
  let swept = (): void => undefined
  const sweepEnded = new Promise<void>((resolve) => (swept = resolve))
  const referring = database().transaction(async (tx) => {
    await tx.query(
      `insert into upload (id, file_name, purpose, byte_size, digest, created_by, expires_at)
       values ('uses', 'a', 'ITEM', 1, $1, 'x', now() + interval '1 hour')`,
      [sha256('being used')],
    )
    isReferred()
    await sweepEnded
  })
  await referred
  expect(await sweepUploads(lake()).finally(swept)).toEqual({ uploads: 0, blobs: 0 })
  await referring
  expect(await hasFile('being used')).toBe(true)
})
