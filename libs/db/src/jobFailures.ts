import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'
import { storableText } from './storable'

export interface FailureRow {
  id: string
  /** Null where what failed is no item: then `uniqueName` is what it was called. */
  itemId: string | null
  uniqueName: string
  /** Of a video, where the fault is at one. */
  frame: number | null
  code: string
  message: string
  attempts: number
}

export async function recordFailures(
  tx: Db,
  jobId: string,
  failures: readonly { itemId: string; code: string; message: string; frame?: number | null }[],
): Promise<void> {
  if (failures.length === 0) return
  await tx.query(
    `insert into job_failure as existing (job_id, item_id, code, message, frame)
     select $1, id, code, message, frame
     from unnest($2::bigint[], $3::text[], $4::text[], $5::integer[]) as failed (id, code, message, frame)
     where exists (select from item where item.id = failed.id)
     on conflict (job_id, item_id) do update
       set code = excluded.code, message = excluded.message, frame = excluded.frame, attempts = existing.attempts + 1, failed_at = now()`,
    [
      jobId,
      failures.map((f) => f.itemId),
      failures.map((f) => f.code),
      failures.map((f) => storableText(f.message)),
      failures.map((f) => f.frame ?? null),
    ],
  )
}

export async function listFailures(db: Db, jobId: string, keyset: Keyset): Promise<FailureRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const { rows } = await db.query<FailureRow>(
    `select f.id, f.item_id as "itemId", coalesce(i.unique_name, f.subject) as "uniqueName", f.frame, f.code, f.message, f.attempts
     from job_failure f left join item i on i.id = f.item_id
     where f.job_id = $1 and ($2::bigint is null or f.id ${beyond} $2) order by f.id ${order} limit $3`,
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
