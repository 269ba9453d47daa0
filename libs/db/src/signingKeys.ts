import type { Database, Db } from './db'

export interface SigningKeyRow {
  id: string
  secret: Buffer
  /** The newest one alone is of interest: whether it is due to be replaced. */
  isDue: boolean
}

/** The keys that verify, newest first; the first one signs. */
export async function loadSigningKeys(db: Db, rotateAfterSeconds: number): Promise<SigningKeyRow[]> {
  const { rows } = await db.query<SigningKeyRow>(
    `select id, secret, created_at <= now() - make_interval(secs => $1) as "isDue"
     from signing_key where retired_at is null or retired_at > now() order by signing_key.id desc`,
    [rotateAfterSeconds],
  )
  return rows
}

/**
 * Adds a key unless a young enough one exists, and lets the older ones end `retireAfterSeconds` from now. The table is locked
 * because replicas come here at the same moment and a condition on rows that don't exist yet locks nothing.
 */
export async function rotateSigningKeys(
  database: Database,
  {
    secret,
    rotateAfterSeconds,
    retireAfterSeconds,
  }: { secret: Buffer; rotateAfterSeconds: number; retireAfterSeconds: number },
): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('lock table signing_key in exclusive mode')
    await tx.query(
      `insert into signing_key (secret) select $1::bytea
       where not exists (select from signing_key where retired_at is null and created_at > now() - make_interval(secs => $2))`,
      [secret, rotateAfterSeconds],
    )
    await tx.query(
      `update signing_key set retired_at = now() + make_interval(secs => $1)
       where retired_at is null and id < (select max(id) from signing_key)`,
      [retireAfterSeconds],
    )
    await tx.query('delete from signing_key where retired_at <= now()')
  })
}
