import type { Db } from './db'
import { useDatabase } from './testing'
import { readVector, vectorArrayParameter, vectorColumn } from './vector'

const database = useDatabase()
beforeAll(async () => {
  await database().query('create table vectors (id bigint primary key, v vector not null)')
})

async function roundTrip(db: Db, vectors: Float32Array[]): Promise<Float32Array[]> {
  await db.query('delete from vectors')
  const ids = vectors.map((_, index) => String(index))
  await db.query('insert into vectors (id, v) select * from unnest($1::bigint[], $2::vector[])', [
    ids,
    await vectorArrayParameter(db, vectors),
  ])
  const { rows } = await db.query<{ v: Buffer }>(`select ${vectorColumn('v')} as v from vectors order by id`)
  return rows.map(({ v }) => readVector(v))
}

const bits = (vector: Float32Array): number[] => [...new Uint32Array(vector.buffer, vector.byteOffset, vector.length)]

test('every kind of float32 comes back bit by bit: denormals, both zeros, the extremes', async () => {
  const special = [
    0,
    -0,
    1e-45,
    -1e-45,
    1.1754942e-38,
    1.17549435e-38,
    3.4028235e38,
    -3.4028235e38,
    0.1,
    -1 / 3,
    16777217,
    1.0000001,
  ]
  const random = new Float32Array(2048)
  const patterns = new Uint32Array(random.buffer)
  // A fixed linear congruence over all bit patterns; those that are no finite number are replaced.
  for (let i = 0, seed = 12345; i < patterns.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    patterns[i] = seed
    if (!Number.isFinite(random[i])) random[i] = i
  }
  const sent = [Float32Array.from(special), random, Float32Array.of(-0)]
  const back = await roundTrip(database(), sent)
  expect(back.map(bits)).toEqual(sent.map(bits))
})

test('a view into a larger, unaligned buffer is sent as what it shows, and stays as it was', async () => {
  const whole = Float32Array.from([9, 1, 2, 9])
  const [back] = await roundTrip(database(), [whole.subarray(1, 3)])
  expect([...back!]).toEqual([1, 2])
  expect([...whole]).toEqual([9, 1, 2, 9])
})

test('no vectors are no rows; a transaction sends them like the database', async () => {
  expect(await roundTrip(database(), [])).toEqual([])
  expect(await database().transaction((tx) => roundTrip(tx, [Float32Array.of(1, 2, 3)]))).toEqual([
    Float32Array.of(1, 2, 3),
  ])
})

test.each([
  ['an empty vector', new Float32Array(0), '0 dimensions'],
  ['too many dimensions', new Float32Array(16_001), '16001 dimensions'],
  ['not a number', Float32Array.of(1, NaN), 'value 1 is NaN'],
  ['infinity', Float32Array.of(-Infinity), 'value 0 is -Infinity'],
])('%s is refused before it reaches the database', async (_name, vector, reason) => {
  const refused = vectorArrayParameter(database(), [Float32Array.of(1), vector])
  await expect(refused).rejects.toMatchObject({
    code: 'VECTOR_INVALID',
    message: expect.stringContaining(reason),
    facts: { index: 1 },
  })
})
