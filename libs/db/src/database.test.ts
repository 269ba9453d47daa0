import type { Database } from './db'
import { useDatabase } from './testing'

const database = useDatabase()

const scratch = async (db: Database): Promise<void> => {
  await db.query('drop table if exists scratch cascade; create table scratch (id int primary key, note text)')
}
beforeEach(() => scratch(database()))

test('values have the same types on both kinds', async () => {
  const { rows } = await database().query(
    `select 9007199254740993::int8 as int8, 7::int4 as int4, 0.1::float4 as float4, 0.1::float8 as float8, 1.10::numeric as numeric,
            '2026-11-23 09:00:00.123+02'::timestamptz as timestamptz, '2026-11-23'::date as date, '{"a":[1,null]}'::jsonb as jsonb,
            '[1.5,-2]'::vector::text as vector, '\\x00ff'::bytea as bytea, true as bool, null::int8 as nothing,
            array[1,9007199254740993]::int8[] as "int8Array", array['a,"b"', null]::text[] as "textArray", array[0.5, 2]::float4[] as "float4Array"`,
  )
  expect(rows).toEqual([
    {
      int8: '9007199254740993',
      int4: 7,
      float4: 0.1,
      float8: 0.1,
      numeric: '1.10',
      timestamptz: new Date('2026-11-23T07:00:00.123Z'),
      date: '2026-11-23',
      jsonb: { a: [1, null] },
      vector: '[1.5,-2]',
      bytea: Buffer.from([0, 255]),
      bool: true,
      nothing: null,
      int8Array: ['1', '9007199254740993'],
      textArray: ['a,"b"', null],
      float4Array: [0.5, 2],
    },
  ])
})

test('arrays, buffers, dates and objects are parameters', async () => {
  const { rows } = await database().query<{ ids: string[]; bytes: Buffer; at: Date; json: unknown }>(
    'select $1::bigint[] as ids, $2::bytea as bytes, $3::timestamptz as at, $4::jsonb as json',
    [['3', '1'], Buffer.from([1, 2]), new Date(0), JSON.stringify({ a: 1 })],
  )
  expect(rows[0]).toEqual({ ids: ['3', '1'], bytes: Buffer.from([1, 2]), at: new Date(0), json: { a: 1 } })
})

test('five megabytes go in and come back', async () => {
  const bytes = Buffer.alloc(5 << 20, 0xa5)
  const { rows } = await database().query<{ bytes: Buffer }>('select $1::bytea as bytes', [bytes])
  expect(bytes.equals(rows[0]!.bytes)).toBe(true)
})

test('a text of several statements answers with the last result', async () => {
  expect(
    await database().query(`insert into scratch values (1, 'a'), (2, 'b'); select count(*)::int as n from scratch`),
  ).toEqual({
    rows: [{ n: 2 }],
    rowCount: 1,
  })
})

test('a failed statement carries the SQL state and leaves the connection usable', async () => {
  await database().query(`insert into scratch values (1, 'a')`)
  await expect(database().query(`insert into scratch values ($1, $2)`, [1, 'b'])).rejects.toMatchObject({
    code: '23505',
    constraint: 'scratch_pkey',
    table: 'scratch',
  })
  await expect(database().query('select 1 from nowhere')).rejects.toMatchObject({ code: '42P01' })
  await expect(database().query('select $1::int4', ['x'])).rejects.toMatchObject({ code: '22P02' })
  expect((await database().query('select id from scratch')).rows).toEqual([{ id: 1 }])
})

test('many statements at once each get their own answer', async () => {
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, n) => database().query<{ n: number }>('select $1::int4 as n', [n])),
  )
  expect(results.map(({ rows }) => rows[0]!.n)).toEqual(Array.from({ length: 200 }, (_, n) => n))
})

describe('a transaction', () => {
  test('is committed when its work returns', async () => {
    const answer = await database().transaction(async (tx) => {
      await tx.query(`insert into scratch values (1, 'a')`)
      return 'done'
    })
    expect(answer).toBe('done')
    expect((await database().query('select id from scratch')).rowCount).toBe(1)
  })

  test('is rolled back when its work throws, and the error is passed on', async () => {
    const error = new Error('no')
    await expect(
      database().transaction(async (tx) => {
        await tx.query(`insert into scratch values (1, 'a')`)
        throw error
      }),
    ).rejects.toBe(error)
    expect((await database().query('select id from scratch')).rowCount).toBe(0)
  })

  test('whose failed statement was swallowed does not pretend to have written', async () => {
    const swallow = database().transaction(async (tx) => {
      await tx.query(`insert into scratch values (1, 'a')`)
      await tx.query('select 1 from nowhere').catch(() => undefined)
    })
    await expect(swallow).rejects.toMatchObject({ code: 'TRANSACTION_ABORTED' })
    expect((await database().query('select id from scratch')).rowCount).toBe(0)
  })

  test('whose commit fails is an error', async () => {
    await database().query('create table child (id int references scratch deferrable initially deferred)')
    await expect(database().transaction((tx) => tx.query('insert into child values (99)'))).rejects.toMatchObject({
      code: '23503',
    })
    expect((await database().query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('that is cut short for its time is told so, and the connection works on', async () => {
    const cut = `do $$ begin raise sqlstate '57014'; end $$`
    const late = { code: 'STATEMENT_TOO_LONG', category: 'LIMIT_EXCEEDED' }
    await expect(database().query(cut)).rejects.toMatchObject(late)
    await expect(database().transaction((tx) => tx.query(cut))).rejects.toMatchObject(late)
    expect((await database().query('select 1 as one')).rows).toEqual([{ one: 1 }])
  })

  test('refuses a statement that goes past it, instead of waiting for itself for ever', async () => {
    const nested = { code: 'DATABASE_NESTED' }
    await expect(database().transaction(() => database().query('select 1'))).rejects.toMatchObject(nested)
    await expect(database().transaction(() => database().transaction(async () => 1))).rejects.toMatchObject(nested)
    await expect(
      database().transaction(async () => void (await Promise.resolve().then(() => database().query('select 1')))),
    ).rejects.toMatchObject(nested)
  })

  test('lets work it started, and that outlives it, use the database', async () => {
    let later: Promise<unknown> | undefined
    let go!: () => void
    const gate = new Promise<void>((resolve) => (go = resolve))
    await database().transaction(async () => {
      later = gate.then(() => database().query('select 1'))
    })
    go()
    await expect(later).resolves.toMatchObject({ rowCount: 1 })
  })

  test('that has ended refuses further statements', async () => {
    let leaked: { query(text: string): Promise<unknown> } | undefined
    await database().transaction(async (tx) => void (leaked = tx))
    await expect(leaked!.query('select 1')).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' })
  })

  test('does not see or disturb others that run at the same time', async () => {
    const one = (id: number): Promise<void> =>
      database().transaction(async (tx) => {
        await tx.query('insert into scratch values ($1, $2)', [id, 'x'])
        if (id % 2 === 1) throw new Error('odd')
      })
    const ended = await Promise.allSettled(Array.from({ length: 20 }, (_, id) => one(id)))
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect((await database().query('select id from scratch where id % 2 = 1')).rowCount).toBe(0)
  })
})
