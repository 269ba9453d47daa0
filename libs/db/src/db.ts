/** A row as the driver gives it; column names are camelCase because the SQL aliases them so. bigint comes as string. */
export type Row = Record<string, unknown>

export interface QueryResult<R> {
  rows: R[]
  rowCount: number
}

export type DatabaseKind = 'embedded' | 'postgres'

/** A pool or a transaction alike: where a statement runs is always a parameter. */
export interface Db {
  readonly kind: DatabaseKind
  /** The same object for a database and its transactions, to remember facts of the database by. */
  readonly origin: object
  /** Without `values` the text may hold several statements, and the result is the last one's. */
  query<R extends object = Row>(text: string, values?: readonly unknown[]): Promise<QueryResult<R>>
}

/** A database that transactions can be started on. */
export interface Database extends Db {
  /** "embedded Postgres 18.6 (PGlite) in .lakelens/db" or "Postgres 16.4 at host:port/name": for the start line. */
  readonly description: string
  /**
   * Runs `work` in one transaction on one connection: committed when it returns, rolled back when it throws.
   * Inside `work` only `tx` may be used: a statement on the database itself throws DATABASE_NESTED, because the embedded
   * database has one connection and would wait for itself for ever.
   */
  transaction<T>(work: (tx: Db) => Promise<T>): Promise<T>
  /** Waits for what runs, then closes every connection. May be called again. */
  close(): Promise<void>
}
