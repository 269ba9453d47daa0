import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'
import { storableText } from './storable'

export interface FailureRow {
  itemId: string
  uniqueName: string
  code: string
  message: string
  attempts: number
}

export async function recordFailures(
  tx: Db,
  jobId: string,
  failures: readonly { itemId: string; code: string; message: string }[],
): Promise<void> {
  if (failures.length === 0) return
  await tx.query(
    `insert into job_failure as existing (job_id, item_id, code, message)
     select $1, id, code, message from unnest($2::bigint[], $3::text[], $4::text[]) as failed (id, code, message)
     where exists (select from item where item.id = failed.id)
     on conflict (job_id, item_id) do update
       set code = excluded.code, message = excluded.message, attempts = existing.attempts + 1, failed_at = now()`,
    [jobId, failures.map((f) => f.itemId), failures.map((f) => f.code), failures.map((f) => storableText(f.message))],
  )
}

export async function listFailures(db: Db, jobId: string, keyset: Keyset): Promise<FailureRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const { rows } = await db.query<FailureRow>(
    `select f.item_id as "itemId", i.unique_name as "uniqueName", f.code, f.message, f.attempts
     from job_failure f join item i on i.id = f.item_id
     where f.job_id = $1 and ($2::bigint is null or f.item_id ${beyond} $2) order by f.item_id ${order} limit $3`,
    [jobId, keyset.key, keyset.limit],
  )
  return rows
}

export async function countFailures(db: Db, jobId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from job_failure where job_id = $1`,
    [jobId],
  )
  return rows[0]?.count ?? 0
}
