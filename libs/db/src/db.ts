/** A row as the driver gives it; column names are camelCase because the SQL aliases them so. bigint comes as string. */
export type Row = Record<string, unknown>

export interface QueryResult<R> {
  rows: R[]
  rowCount: number
}

/** A pool or a transaction alike: where a statement runs is always a parameter. */
export interface Db {
  query<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<R>>
}

/** A database that transactions can be started on. */
export interface Database extends Db {
  readonly kind: 'embedded' | 'postgres'
  /** "embedded Postgres 18.6 (PGlite) in .lakelens/db" or "Postgres 16.4 at host:port/name": for the start line. */
  readonly description: string
  /** Runs `work` in one transaction on one connection: committed when it returns, rolled back when it throws. */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>
  close(): Promise<void>
}
