import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isLakeError, messageOf } from '@lakelens/kernel'
import type { Database, Db } from './db'
import { databaseErrors } from './errors'

/** Beside `src` and `dist` alike. */
export const migrationsFolder = join(__dirname, '..', 'migrations')

export interface Migration {
  name: string
  sql: string
  sha256: string
}

/** The migration files in the order of their numbers. */
export async function readMigrations(folder = migrationsFolder): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{12}_\w+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      // A checkout that rewrites line ends has not changed the migration.
      const sql = (await readFile(join(folder, name), 'utf8')).replaceAll('\r\n', '\n')
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

// Any constant of our own: all starters of this product on one database wait for each other, and for nobody else.
const lockKey = 7_013_905_412

/**
 * Brings the database up to date, each file in a transaction of its own. Any number of processes may start at once: each
 * transaction first takes the lock, then looks what is left to do.
 */
export async function migrate(database: Database, folder = migrationsFolder): Promise<{ applied: string[] }> {
  const migrations = await readMigrations(folder)
  await database.transaction(async (tx) => {
    await lock(tx)
    await tx.query(
      `create table if not exists schema_migration (
         name text primary key,
         sha256 text not null,
         applied_at timestamptz not null default now()
       )`,
    )
  })
  const applied: string[] = []
  for (const migration of migrations) {
    const isNew = await database.transaction(async (tx) => {
      await lock(tx)
      if (!(await isDue(tx, migration, migrations))) return false
      await apply(tx, migration)
      return true
    })
    if (isNew) applied.push(migration.name)
  }
  return { applied }
}

async function lock(tx: Db): Promise<void> {
  // The embedded database is one session in one process: nobody to wait for, and its session locks exclude nobody.
  if (tx.kind === 'embedded') return
  // Waiting for another starter, and a migration of a large table, may take longer than a statement otherwise should.
  await tx.query('set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0')
  await tx.query('select pg_advisory_xact_lock($1)', [lockKey])
}

async function isDue(tx: Db, migration: Migration, all: Migration[]): Promise<boolean> {
  const { rows } = await tx.query<{ name: string; sha256: string }>(
    'select name, sha256 from schema_migration order by name',
  )
  const known = new Set(all.map(({ name }) => name))
  const unknown = rows.map(({ name }) => name).filter((name) => !known.has(name))
  if (unknown.length > 0) throw databaseErrors.MIGRATION_UNKNOWN({ names: unknown })
  const done = rows.find(({ name }) => name === migration.name)
  if (done) {
    if (done.sha256 !== migration.sha256) throw databaseErrors.MIGRATION_CHANGED({ name: migration.name })
    return false
  }
  const latest = rows.at(-1)?.name
  if (latest !== undefined && latest > migration.name)
    throw databaseErrors.MIGRATION_OUT_OF_ORDER({ name: migration.name, latest })
  return true
}

async function apply(tx: Db, { name, sql, sha256 }: Migration): Promise<void> {
  try {
    await tx.query(sql)
  } catch (error) {
    if (isLakeError(error)) throw error
    throw databaseErrors.MIGRATION_FAILED({ name, reason: messageOf(error) }, { cause: error })
  }
  await tx.query('insert into schema_migration (name, sha256) values ($1, $2)', [name, sha256])
}
