import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { useDatabase } from '@lakelens/db/testing'
import { createDiskBlobStore } from '@lakelens/media'
import sharp from 'sharp'
import { makePictures } from './files'
import { seedLake, zipf } from './seedLake'

const database = useDatabase()
const other = useDatabase()
let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'lakelens-seed-test-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const options = { items: 1_200, videos: 0, collections: 5, seed: 3, signal: new AbortController().signal }
const rows = async <R extends object>(sql: string, db = database()): Promise<R[]> => (await db.query<R>(sql)).rows

test('a made-up lake is full of what real ones have, and its pictures can be read', async () => {
  const blobs = createDiskBlobStore(root)
  const seen: number[] = []
  const seeded = await seedLake(database(), blobs, { ...options, onProgress: (items) => seen.push(items) })
  expect(seeded).toMatchObject({ items: 1_200, collections: 5 })
  expect(seen.at(-1)).toBe(1_200)

  const [annotations] = await rows<Record<string, number>>(
    `select count(*)::integer as all, count(distinct label)::integer as labels, count(*) filter (where source = 'HUMAN')::integer as human,
       count(*) filter (where review = 'REJECTED')::integer as rejected, count(*) filter (where review = 'ACCEPTED')::integer as accepted,
       count(*) filter (where x < 0 or y < 0 or x + width > 1.000001 or y + height > 1.000001 or width <= 0)::integer as outside
     from annotation`,
  )
  expect(annotations).toMatchObject({ all: seeded.annotations, outside: 0 })
  expect(annotations?.['all']).toBeGreaterThan(3 * 1_200)
  expect(annotations?.['labels']).toBeGreaterThan(70)
  expect(annotations?.['rejected']).toBeGreaterThan(100)
  expect(annotations?.['accepted']).toBeGreaterThan(annotations?.['rejected'] ?? 0)
  expect((annotations?.['human'] ?? 0) / seeded.annotations).toBeCloseTo(0.2, 1)
  // Tags are what they would be derived to.
  expect(
    await rows(`select item_id, label, source, model_version_id, count::integer from item_tag
                except select item_id, label, source, model_version_id, count(*)::integer from annotation
                where review <> 'REJECTED' group by 1, 2, 3, 4`),
  ).toEqual([])
  const [items] = await rows<Record<string, unknown>>(
    `select min(created_at) as first, max(created_at) as last, count(*) filter (where metadata = '{}')::integer as bare,
       count(*) filter (where metadata->'camera'->>'make' is not null)::integer as nested, count(*) filter (where tags <> '{}')::integer as tagged,
       count(*) filter (where not exists (select from annotation a where a.item_id = item.id))::integer as raw from item`,
  )
  expect((items?.['first'] as Date).toISOString()).toMatch(/^2024-11-0/)
  expect((items?.['last'] as Date).toISOString()).toBe('2026-11-01T00:00:00.000Z')
  for (const [name, share] of [
    ['bare', 0.1],
    ['nested', 0.9],
    ['tagged', 0.75],
    ['raw', 0.12],
  ] as const)
    expect(Number(items?.[name]) / 1_200).toBeCloseTo(share, 1)

  for (const { digest, width, height } of await rows<{ digest: string; width: number; height: number }>(
    'select distinct digest, width, height from item',
  ))
    expect(await sharp(await blobs.read(digest, 100_000)).metadata()).toMatchObject({ width, height, format: 'png' })
})

test('the same seed is the same lake, and another is another', async () => {
  const look = `select i.unique_name, i.metadata, i.tags, a.label, a.confidence, a.x, a.review
    from item i left join annotation a on a.item_id = i.id order by i.unique_name, a.id limit 500`
  const blobs = createDiskBlobStore(root)
  await seedLake(other(), blobs, { ...options, items: 200 })
  await seedLake(other(), blobs, { ...options, items: 200, seed: 4 })
  // Dates and collections depend on how many there are; what an item is does not.
  const drawn = `select right(i.unique_name, 17) as name, i.metadata, i.tags, array(select label || round(x::numeric, 9) || review
      from annotation a where a.item_id = i.id order by a.id) as said
    from item i where i.unique_name like 'seed-3%' and right(i.unique_name, 13) <= '000000200.png' order by right(i.unique_name, 17)`
  expect(await rows(drawn, other())).toEqual(await rows(drawn))
  const all = await rows<{ unique_name: string }>(look, other())
  expect(new Set(all.map((row) => row.unique_name.slice(0, 6)))).toContain('seed-3')
  const [shared] = await rows<{ shared: number }>(
    `select count(*)::integer as shared from item a join item b on a.name = b.name and a.id < b.id and a.metadata = b.metadata and a.metadata <> '{}'`,
    other(),
  )
  expect(shared?.shared).toBe(0)
})

test('a lake that is there already is left alone', async () => {
  await expect(seedLake(database(), createDiskBlobStore(root), options)).rejects.toMatchObject({ code: 'SEED_EXISTS' })
  expect(await rows('select count(*)::integer as items from item')).toEqual([{ items: 1_200 }])
})

test('shares fall by rank', () => {
  expect(zipf(['a', 'b', 'c']).ends.map((end) => Math.round(end * 1_000))).toEqual([545, 818])
  expect(zipf(['a']).ends).toEqual([])
})

test('pictures of a seed are the same every time', async () => {
  const [first, second] = await Promise.all([makePictures(1), makePictures(1)])
  expect(first.map(({ bytes }) => bytes.toString('hex'))).toEqual(second.map(({ bytes }) => bytes.toString('hex')))
})
