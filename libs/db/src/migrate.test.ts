import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrate, readMigrations } from './migrate'
import { useDatabase } from './testing'

const database = useDatabase()
let folder: string
const file = (name: string, sql: string) => writeFile(join(folder, name), sql)

// A history of its own: the clone's, which has the product's migrations, is set aside.
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lakelens-migrations-'))
  await database().query(
    'drop schema if exists history cascade; create schema history; drop table if exists schema_migration',
  )
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('applies what is new, in order, and only once', async () => {
  await file('202601010001_b.sql', 'alter table history.a add column b int')
  await file('202601010000_a.sql', 'create table history.a (id int); insert into history.a values (1)')
  await file('README.md', 'not SQL')
  expect(await migrate(database(), folder)).toEqual({ applied: ['202601010000_a.sql', '202601010001_b.sql'] })
  expect(await migrate(database(), folder)).toEqual({ applied: [] })
  await file('202601010002_c.sql', 'update history.a set b = 2')
  expect(await migrate(database(), folder)).toEqual({ applied: ['202601010002_c.sql'] })
  expect((await database().query('select * from history.a')).rows).toEqual([{ id: 1, b: 2 }])
})

test('a file that fails is rolled back as a whole; the ones before it stay', async () => {
  await file('202601010000_a.sql', 'create table history.a (id int)')
  await file('202601010001_b.sql', 'create table history.b (id int); select 1 / 0')
  await expect(migrate(database(), folder)).rejects.toMatchObject({
    code: 'MIGRATION_FAILED',
    message: expect.stringContaining('division by zero'),
  })
  const { rows } = await database().query(`select to_regclass('history.a') as a, to_regclass('history.b') as b`)
  expect(rows).toEqual([{ a: 'history.a', b: null }])
  await file('202601010001_b.sql', 'create table history.b (id int)')
  expect(await migrate(database(), folder)).toEqual({ applied: ['202601010001_b.sql'] })
})

test('an applied file that was changed is refused, line ends apart', async () => {
  await file('202601010000_a.sql', 'create table history.a (id int)\n;\n')
  await migrate(database(), folder)
  await file('202601010000_a.sql', 'create table history.a (id int)\r\n;\r\n')
  expect(await migrate(database(), folder)).toEqual({ applied: [] })
  await file('202601010000_a.sql', 'create table history.a (id bigint)\n;\n')
  await expect(migrate(database(), folder)).rejects.toMatchObject({
    code: 'MIGRATION_CHANGED',
    facts: { name: '202601010000_a.sql' },
  })
})

test('a database that is ahead of the program is refused', async () => {
  await file('202601010000_a.sql', 'select 1')
  await file('202601010001_b.sql', 'select 1')
  await migrate(database(), folder)
  await rm(join(folder, '202601010001_b.sql'))
  await expect(migrate(database(), folder)).rejects.toMatchObject({
    code: 'MIGRATION_UNKNOWN',
    facts: { names: ['202601010001_b.sql'] },
  })
})

test('a file numbered before one that was applied is refused', async () => {
  await file('202601010001_b.sql', 'select 1')
  await migrate(database(), folder)
  await file('202601010000_a.sql', 'select 1')
  await expect(migrate(database(), folder)).rejects.toMatchObject({ code: 'MIGRATION_OUT_OF_ORDER' })
})

test('any number may migrate at once: each file is applied once', async () => {
  for (let n = 0; n < 5; n++)
    await file(`20260101000${n}_t.sql`, `create table history.t${n} (id int); insert into history.t${n} values (1)`)
  const applied = (await Promise.all(Array.from({ length: 6 }, () => migrate(database(), folder)))).flatMap(
    (result) => result.applied,
  )
  expect(applied.sort()).toEqual((await readMigrations(folder)).map(({ name }) => name))
  const { rows } = await database().query(
    'select (select count(*)::int from history.t0) + (select count(*)::int from history.t4) as n',
  )
  expect(rows).toEqual([{ n: 2 }])
})
