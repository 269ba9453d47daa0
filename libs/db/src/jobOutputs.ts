import type { Db } from './db'
import type { PageHold } from './jobPages'

export interface JobOutput {
  digest: string
  /** What a browser calls it. */
  name: string
  mediaType: string
}

/** The file a job made. The blob must have been entered. */
export async function setJobOutput(tx: Db, jobId: string, output: JobOutput, lifetimeSeconds: number): Promise<void> {
  await tx.query(
    `update job set output_digest = $2, output_name = $3, output_media_type = $4,
       output_expires_at = now() + make_interval(secs => $5), seq = seq + 1
     where id = $1`,
    [jobId, output.digest, output.name, output.mediaType, lifetimeSeconds],
  )
}

/**
 * Forgets at most `limit` files whose time is over, and returns how many. The grace time of their blobs begins now, so that an
 * address given out a moment ago is still served. Blobs are locked in the order of their digests, as every sweep does.
 */
export async function expireJobOutputs(db: Db, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with expired as (
       select id, output_digest as digest from job
       where output_digest is not null and output_expires_at <= now() order by id limit $1 for update skip locked
     ), freed as (
       select digest from blob where digest in (select digest from expired) order by digest for no key update
     ), touched as (
       update blob set touched_at = now() from freed where blob.digest = freed.digest
     ), forgotten as (
       update job set output_digest = null, output_name = null, output_media_type = null, output_expires_at = null, seq = seq + 1
       from expired where job.id = expired.id returning job.id
     )
     select count(*)::integer as count from forgotten`,
    [limit],
  )
  return rows[0]?.count ?? 0
}

/**
 * Whether a worker still holds a page, for as long as the transaction lasts: nobody claims the page before it ends. What a job
 * without items writes on its way asks this first, or a worker that comes late would write beside its successor.
 */
export async function holdsPage(tx: Db, hold: PageHold): Promise<boolean> {
  const { rows } = await tx.query(`select from job_page where id = $1 and fence = $2 for key share`, [
    hold.id,
    hold.fence,
  ])
  return rows.length > 0
}

/**
 * A job in one piece that keeps what it did so far, and did something: crashes before count no longer. Without this a long one would
 * fail by the third restart of its machine, however far it came in between.
 */
export async function notePageProgress(tx: Db, hold: PageHold): Promise<void> {
  await tx.query(`update job_page set attempts = 1 where id = $1 and fence = $2 and attempts > 1`, [
    hold.id,
    hold.fence,
  ])
}
