import { silentLogger } from '@lakelens/kernel'
import type { Database } from '../db'
import type { PooledDatabase } from '../pooled'
import { openEmbeddedClone } from './embeddedClone'
import { openPostgresClone } from './postgresClone'

export { openEmbeddedClone } from './embeddedClone'
export { openPostgresClone } from './postgresClone'

/** Which database the tests of this run use. */
export const testDatabaseKind = (): 'embedded' | 'postgres' =>
  process.env.LAKELENS_TEST_DATABASE_URL ? 'postgres' : 'embedded'

/** Throws when a connection is still in use: a transaction or statement that nobody awaited would fail another test, or hang. */
export async function assertNothingLeaked(database: PooledDatabase, graceMs = 2_000): Promise<void> {
  for (const deadline = Date.now() + graceMs; database.busy() > 0 && Date.now() < deadline;) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const busy = database.busy()
  if (busy > 0)
    throw new Error(
      `${busy} database connection(s) were still in use after the tests. Await every transaction and statement.`,
    )
}

/**
 * A migrated database of the calling file's (or describe block's) own: a clone of a template, embedded by default, on real
 * Postgres when LAKELENS_TEST_DATABASE_URL names a server where databases may be created. Returns its getter.
 */
export function useDatabase(): () => Database {
  let clone: { database: PooledDatabase; drop: () => Promise<void> } | undefined

  beforeAll(async () => {
    const url = process.env.LAKELENS_TEST_DATABASE_URL
    clone = url ? await openPostgresClone(url, silentLogger()) : await openEmbeddedClone(silentLogger())
  }, 60_000)

  afterAll(async () => {
    if (!clone) return
    try {
      await assertNothingLeaked(clone.database)
    } finally {
      await clone.drop()
    }
  }, 30_000)

  return () => {
    if (!clone) throw new Error('The database is open only inside tests and hooks.')
    return clone.database
  }
}
