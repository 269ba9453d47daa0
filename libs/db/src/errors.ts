import { defineErrors } from '@lakelens/kernel'

export const minimumPostgres = 15
export const minimumPgvector = '0.8'

export const databaseErrors = defineErrors('db', {
  DATABASE_URL_INVALID: [
    'UNAVAILABLE',
    () => 'DATABASE_URL is not an address of Postgres. It looks like postgres://user:password@host:5432/name.',
  ],
  DATABASE_UNREACHABLE: [
    'UNAVAILABLE',
    (d: { address: string; seconds: number; reason: string }) =>
      `Postgres at ${d.address} did not answer within ${d.seconds} s: ${d.reason}. Check DATABASE_URL and that the server runs.`,
  ],
  DATABASE_REFUSED: [
    'UNAVAILABLE',
    (d: { address: string; reason: string }) =>
      `Postgres at ${d.address} refused the connection: ${d.reason}. Check the user, password and name in DATABASE_URL.`,
  ],
  DATABASE_TOO_OLD: [
    'UNAVAILABLE',
    (d: { version: string }) => `Postgres ${d.version} is too old. Use Postgres ${minimumPostgres} or newer.`,
  ],
  PGVECTOR_MISSING: [
    'UNAVAILABLE',
    (d: { address: string }) =>
      `The Postgres server at ${d.address} has no pgvector. Install pgvector ${minimumPgvector} or newer there (the image pgvector/pgvector has it).`,
  ],
  PGVECTOR_TOO_OLD: [
    'UNAVAILABLE',
    (d: { version: string; available: string }) =>
      `pgvector ${d.version} is too old; ${minimumPgvector} or newer is needed and the server offers ${d.available}. ` +
      'Install a newer one on the server, then run "alter extension vector update" in this database.',
  ],
  DATABASE_LOCKED: [
    'UNAVAILABLE',
    (d: { folder: string; pid: number; startedAt: string; lock: string }) =>
      `The embedded database in ${d.folder} is in use by process ${d.pid} (started ${d.startedAt}). ` +
      'Stop that process, set LAKELENS_DATA to another folder, or set DATABASE_URL to a Postgres server that several can share.',
  ],
  DATABASE_FOLDER_UNUSABLE: [
    'UNAVAILABLE',
    (d: { folder: string; reason: string }) =>
      `The embedded database in ${d.folder} could not be opened: ${d.reason}. Check the folder, or set LAKELENS_DATA to another one.`,
  ],
  DATABASE_LOST: [
    'UNAVAILABLE',
    (d: { reason: string }) =>
      `The embedded database stopped: ${d.reason}. Start the process again; nothing acknowledged is lost.`,
  ],
  DATABASE_CLOSED: ['UNAVAILABLE', () => 'The database is closed.'],
  DATABASE_NESTED: [
    'INTERNAL',
    () =>
      'A statement inside a transaction went to the database instead of the transaction. Pass the transaction on as `db`.',
  ],
  TRANSACTION_ENDED: [
    'INTERNAL',
    () => 'A statement was sent to a transaction that has ended. Await every statement inside the transaction.',
  ],
  TRANSACTION_ABORTED: [
    'INTERNAL',
    () =>
      'A statement of the transaction failed and its error was swallowed, so nothing was written. Let the error through.',
  ],
  MIGRATION_CHANGED: [
    'UNAVAILABLE',
    (d: { name: string }) =>
      `Migration ${d.name} was changed after it had been applied to this database. Restore the file, and put the change in a new migration.`,
  ],
  MIGRATION_UNKNOWN: [
    'UNAVAILABLE',
    (d: { names: string[] }) =>
      `The database is ahead of this program: it has ${d.names.join(', ')}. Start a version of LakeLens that knows it.`,
  ],
  MIGRATION_OUT_OF_ORDER: [
    'UNAVAILABLE',
    (d: { name: string; latest: string }) =>
      `Migration ${d.name} is missing in this database, which has ${d.latest} already. Give the file a later number.`,
  ],
  MIGRATION_FAILED: [
    'UNAVAILABLE',
    (d: { name: string; reason: string }) =>
      `Migration ${d.name} failed and was rolled back: ${d.reason}. The database is as it was before that file.`,
  ],
  STATEMENT_TOO_LONG: [
    'LIMIT_EXCEEDED',
    () =>
      'The database was stopped before it had looked through so much. Narrow it by what an index finds (a label, a tag, a collection, ' +
      'days of upload, `=` on metadata), and count only where the number is needed.',
  ],
  VECTOR_INVALID: [
    'INVALID_INPUT',
    (d: { index: number; reason: string }) => `Vector ${d.index} cannot be stored: ${d.reason}.`,
  ],
  PARTITION_DIMENSION: [
    'DIMENSION_MISMATCH',
    (d: { modelVersionId: string; expected: number; actual: number }) =>
      `Vectors of model version ${d.modelVersionId} have ${d.expected} dimensions, not ${d.actual}.`,
  ],
})
