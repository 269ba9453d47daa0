import { Client, Pool, type PoolConfig } from 'pg'
import { messageOf, sleep, type Logger } from '@lakelens/kernel'
import { databaseErrors, minimumPgvector, minimumPostgres } from './errors'
import { pooledDatabase, type PooledDatabase } from './pooled'
import { typeParsers } from './typeParsers'

export interface PostgresOptions {
  url: string
  poolSize?: number
  log: Logger
  /** How long the server may take to become reachable: a compose file starts both at once. */
  patienceMs?: number
}

/** Opens a pool on a server that answers, is new enough and has pgvector. */
export async function openPostgres({
  url,
  poolSize = 10,
  log,
  patienceMs = 20_000,
}: PostgresOptions): Promise<PooledDatabase> {
  const config: PoolConfig = {
    connectionString: url,
    max: poolSize,
    application_name: 'lakelens',
    connectionTimeoutMillis: 10_000,
    // A statement or transaction that hangs must not hold its locks for ever; what may take longer raises it for itself.
    statement_timeout: 60_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    types: typeParsers,
  }
  const { address, name } = addressOf(config)
  const version = await reach(config, address, patienceMs, log)
  const pool = new Pool(config)
  // An idle connection that breaks (a restart of the server) is replaced by the next statement.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle database connection failed'))
  return pooledDatabase({ kind: 'postgres', pool, log, description: `Postgres ${version} at ${address}/${name}` })
}

/** Without user and password: this is what logs and messages may show. */
function addressOf(config: PoolConfig): { address: string; name: string } {
  // The cause is left out on purpose: it quotes the address with its password.
  if (!/^postgres(ql)?:\/\//.test(config.connectionString ?? '')) throw databaseErrors.DATABASE_URL_INVALID()
  try {
    const { host, port, database } = new Client(config)
    return { address: `${host}:${port}`, name: database ?? '' }
  } catch {
    throw databaseErrors.DATABASE_URL_INVALID()
  }
}

// Starting up, shutting down, out of connection slots, and what the network says while the server is not there yet.
const passing = new Set([
  '57P03',
  '57P01',
  '53300',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'ENOENT',
])

const codeOf = (error: unknown): string => String((error as { code?: unknown }).code ?? '')
const isPassing = (error: unknown): boolean =>
  passing.has(codeOf(error)) || /timeout|terminated unexpectedly/i.test(messageOf(error))

// Several addresses of one name fail as an AggregateError, whose own message is empty.
const reasonOf = (error: unknown): string => messageOf(error) || codeOf(error) || 'no answer'

/** Waits until the server answers and returns its version. */
async function reach(config: PoolConfig, address: string, patienceMs: number, log: Logger): Promise<string> {
  const deadline = Date.now() + patienceMs
  for (let attempt = 0; ; attempt++) {
    // `connectionTimeoutMillis` of a client alone: a server that accepts and says nothing must not outlast our patience.
    const left = Math.max(500, Math.min(10_000, deadline - Date.now()))
    const client = new Client({ ...config, connectionTimeoutMillis: left })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return await checkVersions(client, address)
    } catch (error) {
      if ((error as Error).name === 'LakeError') throw error
      const reason = reasonOf(error)
      if (!isPassing(error)) throw databaseErrors.DATABASE_REFUSED({ address, reason }, { cause: error })
      if (Date.now() + 250 >= deadline) {
        throw databaseErrors.DATABASE_UNREACHABLE(
          { address, seconds: Math.round(patienceMs / 1000), reason },
          { cause: error },
        )
      }
      if (attempt === 0) log.info({ address, reason }, 'waiting for Postgres')
    } finally {
      await client.end().catch(() => undefined)
    }
    await sleep(250)
  }
}

/** Returns the server's version, or throws when it or its pgvector is too old. */
async function checkVersions(client: Client, address: string): Promise<string> {
  const { rows } = await client.query<{
    number: number
    version: string
    available: string | null
    installed: string | null
  }>(
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
            (select default_version from pg_available_extensions where name = 'vector') as available,
            (select extversion from pg_extension where extname = 'vector') as installed`,
  )
  const { number = 0, version = '', available = null, installed = null } = rows[0] ?? {}
  const short = version.split(' ')[0] ?? version
  if (number < minimumPostgres * 10_000) throw databaseErrors.DATABASE_TOO_OLD({ version: short })
  const vector = installed ?? available
  if (vector === null) throw databaseErrors.PGVECTOR_MISSING({ address })
  if (isOlder(vector, minimumPgvector))
    throw databaseErrors.PGVECTOR_TOO_OLD({ version: vector, available: available ?? 'none' })
  return short
}

/** Whether the dotted version `a` comes before `b`. */
export function isOlder(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split('.').map((part) => Number.parseInt(part, 10) || 0))
  for (let index = 0; index < Math.max(left!.length, right!.length); index++) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}
