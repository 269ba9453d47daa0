import { AsyncLocalStorage } from 'node:async_hooks'
import type { Pool, PoolClient, QueryResult as DriverResult } from 'pg'
import type { Logger } from '@lakelens/kernel'
import type { Database, DatabaseKind, Db, QueryResult, Row } from './db'
import { databaseErrors } from './errors'

/** What tests look at to find a connection nobody gave back. */
export interface PooledDatabase extends Database {
  /** Connections in use or waited for. */
  busy(): number
}

interface PooledOptions {
  kind: DatabaseKind
  pool: Pool
  description: string
  log: Logger
  /** After the last connection is closed. */
  onClose?: () => Promise<void>
}

// A text of several statements gives one driver result each.
function toResult<R>(result: DriverResult | DriverResult[]): QueryResult<R> {
  const last = Array.isArray(result) ? result[result.length - 1] : result
  return { rows: (last?.rows ?? []) as R[], rowCount: last?.rowCount ?? 0 }
}

/** Postgres' own code says only that the statement was cancelled; here it was for the time it took. */
async function inTime<R>(statement: Promise<DriverResult | DriverResult[]>): Promise<QueryResult<R>> {
  try {
    return toResult<R>(await statement)
  } catch (error) {
    const isCancelled = (error as { code?: unknown } | null)?.code === '57014'
    throw isCancelled ? databaseErrors.STATEMENT_TOO_LONG({}, { cause: error }) : error
  }
}

/** One `Database` over a `pg` pool, the same for both kinds: only where the bytes go differs. */
export function pooledDatabase({ kind, pool, description, log, onClose }: PooledOptions): PooledDatabase {
  const scope = new AsyncLocalStorage<{ open: boolean }>()
  let closing: Promise<void> | undefined

  const refuseMisuse = (): void => {
    if (closing) throw databaseErrors.DATABASE_CLOSED()
    // Work that was started in a transaction and outlives it is allowed: it no longer holds the connection.
    if (scope.getStore()?.open) throw databaseErrors.DATABASE_NESTED()
  }

  async function transaction<T>(work: (tx: Db) => Promise<T>): Promise<T> {
    refuseMisuse()
    const client = await pool.connect()
    const state = { open: true }
    const tx: Db = {
      kind,
      origin: pool,
      async query<R extends object = Row>(text: string, values?: readonly unknown[]) {
        if (!state.open) throw databaseErrors.TRANSACTION_ENDED()
        return inTime<R>(client.query(text, values as unknown[] | undefined))
      },
    }
    // Without a listener an error of a checked-out connection would end the process; the statement that runs rejects anyway.
    const onError = (error: Error): void => log.warn({ err: error }, 'database connection failed in a transaction')
    client.on('error', onError)
    try {
      await client.query('begin')
      const result = await scope.run(state, () => work(tx))
      state.open = false
      const ended = await client.query('commit')
      // After a failed statement that `work` swallowed, Postgres answers "commit" with a rollback and no error.
      if (ended.command !== 'COMMIT') throw databaseErrors.TRANSACTION_ABORTED()
      client.off('error', onError)
      client.release()
      return result
    } catch (error) {
      state.open = false
      const failed = await rollback(client)
      client.off('error', onError)
      client.release(failed)
      throw error
    }
  }

  return {
    kind,
    origin: pool,
    description,
    async query<R extends object = Row>(text: string, values?: readonly unknown[]) {
      refuseMisuse()
      return inTime<R>(pool.query(text, values as unknown[] | undefined))
    },
    transaction,
    close() {
      closing ??= pool.end().then(() => onClose?.())
      return closing
    },
    busy: () => pool.totalCount - pool.idleCount + pool.waitingCount,
  }
}

/** What went wrong with the roll-back itself: a connection in an unknown state must not return to the pool. */
async function rollback(client: PoolClient): Promise<Error | undefined> {
  try {
    await client.query('rollback')
    return undefined
  } catch (error) {
    return error as Error
  }
}
