import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Pool } from 'pg'
import { messageOf, type Logger } from '@lakelens/kernel'
import type { Database } from './db'
import { startEmbeddedThread, type EmbeddedThread } from './embeddedThread'
import { databaseErrors } from './errors'
import { acquireLock, LockHeldError, type FolderLock } from './lock'
import { pooledDatabase, type PooledDatabase } from './pooled'
import { typeParsers } from './typeParsers'

export interface EmbeddedOptions {
  dataDir: string
  log: Logger
  /** Called once when the database's thread died: nothing but a new process helps. */
  onLost?: (error: Error) => void
}

const lost =
  ({ log, onLost }: Pick<EmbeddedOptions, 'log' | 'onLost'>) =>
  (error: Error): void => {
    log.fatal({ err: error }, 'the embedded database is lost')
    onLost?.(error)
  }

/** The embedded database over a thread that runs: one connection, because it is one session. */
export async function overThread(
  thread: EmbeddedThread,
  where: string,
  log: Logger,
  onClose?: () => Promise<void>,
): Promise<PooledDatabase> {
  const pool = new Pool({
    max: 1,
    idleTimeoutMillis: 0,
    user: 'postgres',
    password: '',
    database: 'postgres',
    host: 'embedded',
    ssl: false,
    stream: () => thread.connect(),
    types: typeParsers,
  })
  pool.on('error', (error) => log.warn({ err: error }, 'the connection to the embedded database failed'))
  const { rows } = await pool.query<{ server_version: string }>('show server_version')
  return pooledDatabase({
    kind: 'embedded',
    pool,
    log,
    description: `embedded Postgres ${rows[0]?.server_version.split(' ')[0]} (PGlite) ${where}`,
    onClose: async () => {
      await thread.close()
      await onClose?.()
    },
  })
}

/** Opens, and at the first start creates, the database in `dataDir/db`, guarded by `dataDir/db.lock`. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Database> {
  const { dataDir, log } = options
  const folder = join(dataDir, 'db')
  const lock = await lockFolder(dataDir, folder)
  try {
    const created = await prepareFolder(folder)
    const thread = await startEmbeddedThread({ folder }, lost(options))
    await created()
    return await overThread(thread, `in ${relative('', folder) || folder}`, log, async () => lock.release())
  } catch (error) {
    lock.release()
    throw databaseErrors.DATABASE_FOLDER_UNUSABLE({ folder, reason: messageOf(error) }, { cause: error })
  }
}

/**
 * Makes the folder ready for a first start, or leaves a database as it is; returns what to call when it is open.
 * A first start that was killed leaves half a database, which would never open again: a mark beside the folder tells, and
 * only then is anything deleted. Nothing was acknowledged in it.
 */
async function prepareFolder(folder: string): Promise<() => Promise<void>> {
  const mark = `${folder}.creating`
  if (existsSync(mark)) await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (!existsSync(join(folder, 'PG_VERSION'))) {
    if ((await readdir(folder)).length > 0) throw new Error('it holds files, but no database')
    await writeFile(mark, '')
  }
  return () => rm(mark, { force: true })
}

async function lockFolder(dataDir: string, folder: string): Promise<FolderLock> {
  const lock = `${folder}.lock`
  try {
    await mkdir(dataDir, { recursive: true })
    return await acquireLock(lock)
  } catch (error) {
    if (error instanceof LockHeldError) {
      const { pid, startedAt } = error.holder
      throw databaseErrors.DATABASE_LOCKED({ folder, pid, startedAt, lock }, { cause: error })
    }
    throw databaseErrors.DATABASE_FOLDER_UNUSABLE({ folder, reason: messageOf(error) }, { cause: error })
  }
}
