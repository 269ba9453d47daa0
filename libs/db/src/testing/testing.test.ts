import { silentLogger } from '@lakelens/kernel'
import type { PooledDatabase } from '../pooled'
import { assertNothingLeaked, openEmbeddedClone, openPostgresClone, testDatabaseKind, useDatabase } from '.'

const database = useDatabase()

test('the database is of the kind the run asks for, and migrated', async () => {
  expect(database().kind).toBe(testDatabaseKind())
  expect((await database().query('select from schema_migration')).rowCount).toBeGreaterThan(4)
})

test('two clones know nothing of each other', async () => {
  const url = process.env.LAKELENS_TEST_DATABASE_URL
  const other = url ? await openPostgresClone(url, silentLogger()) : await openEmbeddedClone(silentLogger())
  await other.database.query(
    `insert into collection (name, content_type, created_by) values ('other', 'IMAGE', 'test')`,
  )
  expect((await database().query('select from collection')).rowCount).toBe(0)
  await other.drop()
})

test('a transaction that is still open after the tests is noticed', async () => {
  let finish!: () => void
  const leaked = database().transaction(() => new Promise<void>((resolve) => (finish = resolve)))
  await new Promise((resolve) => setTimeout(resolve, 20))
  await expect(assertNothingLeaked(database() as PooledDatabase, 50)).rejects.toThrow(
    '1 database connection(s) were still in use',
  )
  finish()
  await leaked
  await assertNothingLeaked(database() as PooledDatabase, 50)
})
