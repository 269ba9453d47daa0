import { ensureEmbeddingPartition } from './partition'
import { useDatabase } from './testing'
import { readVector, vectorArrayParameter, vectorColumn } from './vector'

const database = useDatabase()
const ensure = (version: string, dimension: number) =>
  database().transaction((tx) => ensureEmbeddingPartition(tx, version, dimension))

let item: string
beforeAll(async () => {
  const { rows } = await database().query<{ id: string }>(
    `with b as (insert into blob (digest, byte_size) values (repeat('a', 64), 1) returning digest),
          c as (insert into collection (name, content_type, created_by) values ('c', 'IMAGE', 't') returning id)
     insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, created_by)
     select c.id, 'c/a', 'a', 'IMAGE', 'image/png', b.digest, 1, 't' from b, c returning id`,
  )
  item = rows[0]!.id
})

test('holds the vectors of its version, and none of another dimension', async () => {
  await ensure('1', 3)
  const insert = async (vector: Float32Array) =>
    database().query(
      `insert into embedding (model_version_id, item_id, embedding, source)
       select 1, id, v, 'GENERATED' from unnest($1::bigint[], $2::vector[]) as new (id, v)`,
      [[item], await vectorArrayParameter(database(), [vector])],
    )
  await expect(insert(Float32Array.of(1, 2))).rejects.toMatchObject({ code: '23514' })
  await insert(Float32Array.of(1, 2, 3))
  await expect(insert(Float32Array.of(1, 2, 3))).rejects.toMatchObject({ code: '23505' })
  const { rows } = await database().query<{ v: Buffer; partition: string }>(
    `select ${vectorColumn('embedding')} as v, tableoid::regclass as partition from embedding`,
  )
  expect(rows.map(({ v, partition }) => [readVector(v), partition])).toEqual([
    [Float32Array.of(1, 2, 3), 'embedding_1'],
  ])
})

test('may be asked for again, by many at once', async () => {
  await Promise.all(Array.from({ length: 6 }, () => ensure('2', 8)))
  await ensure('2', 8)
  await Promise.all(['10', '11', '12', '13'].map((version) => ensure(version, 4)))
  const { rows } = await database().query<{ n: number }>(
    `select count(*)::int as n from pg_inherits where inhparent = 'embedding'::regclass`,
  )
  expect(rows[0]!.n).toBe(6)
})

test('another dimension for the same version is a typed error', async () => {
  await ensure('20', 8)
  await expect(ensure('20', 16)).rejects.toMatchObject({
    code: 'PARTITION_DIMENSION',
    facts: { modelVersionId: '20', expected: 8, actual: 16 },
  })
})

test('an id or dimension that is none never becomes SQL', async () => {
  await expect(ensure('1; drop table item', 3)).rejects.toThrow(SyntaxError)
  await expect(ensure('30', 0)).rejects.toThrow(RangeError)
  await expect(ensure('30', 1.5)).rejects.toThrow(RangeError)
})

test('goes with its items', async () => {
  await database().query('delete from item where id = $1', [item])
  expect((await database().query('select from embedding')).rowCount).toBe(0)
})
