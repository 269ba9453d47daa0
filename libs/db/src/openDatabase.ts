import type { Logger } from '@lakelens/kernel'
import type { Database } from './db'
import { openEmbedded } from './embedded'
import { openPostgres } from './postgres'

export interface OpenDatabaseOptions {
  /** An address of Postgres; none: the embedded database in `dataDir/db`. */
  url?: string
  dataDir: string
  /** Connections at most; the embedded database always has one. */
  poolSize?: number
  log: Logger
  /** The embedded database's thread died; end the process. A Postgres that goes away is waited for instead. */
  onLost?: (error: Error) => void
}

/** Opens the database, unmigrated. */
export function openDatabase({ url, dataDir, poolSize, log, onLost }: OpenDatabaseOptions): Promise<Database> {
  return url === undefined ? openEmbedded({ dataDir, log, onLost }) : openPostgres({ url, poolSize, log })
}
