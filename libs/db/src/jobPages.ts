import type { Db } from './db'

export type PageStage = 'PREPARE' | 'PLAN' | 'ITEMS'

export interface ClaimedPage {
  id: string
  jobId: string
  stage: PageStage
  itemIds: string[]
  cursor: string | null
  upperBound: string | null
  fence: number
  attempts: number
}

/** What a worker holds a page by. A page claimed again by somebody else has another fence. */
export interface PageHold {
  id: string
  fence: number
}

export async function insertPage(
  tx: Db,
  page: { jobId: string; stage: PageStage; cursor: string | null; upperBound: string | null },
): Promise<void> {
  await tx.query(`insert into job_page (job_id, stage, cursor, upper_bound) values ($1, $2, $3, $4)`, [
    page.jobId,
    page.stage,
    page.cursor,
    page.upperBound,
  ])
}

/** One page a list of items, one statement for all of them. Empty lists make none. */
export async function insertItemPages(tx: Db, jobId: string, pages: readonly (readonly string[])[]): Promise<void> {
  const filled = pages.filter((page) => page.length > 0)
  if (filled.length === 0) return
  await tx.query(
    `insert into job_page (job_id, stage, item_ids)
     select $1, 'ITEMS', array_agg(id order by n) from unnest($2::bigint[], $3::integer[]) with ordinality as item (id, page, n)
     group by page order by page`,
    [jobId, filled.flat(), filled.flatMap((page, index) => page.map(() => index))],
  )
}

/**
 * Claims one page for `leaseSeconds` of the database's clock, or returns null when there is nothing to do.
 * Fair: among the jobs of the highest priority, the one with the fewest pages in hand goes first, then the oldest page.
 * A job plans ahead only while few of its pages wait, so that one over a million items keeps a handful of rows.
 */
export async function claimPage(
  db: Db,
  claim: { worker: string; kinds: readonly string[]; leaseSeconds: number; planAhead: number },
): Promise<ClaimedPage | null> {
  const { rows } = await db.query<ClaimedPage>(
    `with candidate as (
       select p.id from job_page p join job j on j.id = p.job_id
       where j.status in ('QUEUED', 'IN_PROGRESS') and j.kind = any ($2)
         and (p.lease_until is null or p.lease_until < now()) and p.not_before <= now()
         and (p.stage <> 'PLAN' or (select count(*) from job_page w where w.job_id = p.job_id and w.stage = 'ITEMS') < $4)
       order by j.priority desc, (select count(*) from job_page held where held.job_id = p.job_id and held.lease_until >= now()), p.id
       limit 1
       for update of p skip locked)
     update job_page p
     set lease_until = now() + make_interval(secs => $3), worker = $1, attempts = p.attempts + 1, fence = p.fence + 1
     from candidate where p.id = candidate.id
     returning p.id, p.job_id as "jobId", p.stage, p.item_ids as "itemIds", p.cursor, p.upper_bound as "upperBound", p.fence, p.attempts`,
    [claim.worker, claim.kinds, claim.leaseSeconds, claim.planAhead],
  )
  return rows[0] ?? null
}

/** Prolongs leases and returns the ids of those still held; the others now belong to somebody else, or their job has ended. */
export async function extendLeases(db: Db, holds: readonly PageHold[], leaseSeconds: number): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `update job_page p set lease_until = now() + make_interval(secs => $3)
     from unnest($1::bigint[], $2::integer[]) as held (id, fence)
     where p.id = held.id and p.fence = held.fence
     returning p.id`,
    [holds.map((hold) => hold.id), holds.map((hold) => hold.fence), leaseSeconds],
  )
  return new Set(rows.map((row) => row.id))
}

/** Takes the page out: the first statement of the transaction that writes its results. False: somebody else has it, write nothing. */
export async function removePage(tx: Db, hold: PageHold): Promise<boolean> {
  const { rowCount } = await tx.query(`delete from job_page where id = $1 and fence = $2`, [hold.id, hold.fence])
  return rowCount > 0
}

/** Gives a page back, to be claimed again after `delaySeconds`. An attempt that wasn't the page's fault doesn't count. */
export async function releasePage(
  db: Db,
  hold: PageHold,
  how: { delaySeconds: number; countAttempt: boolean },
): Promise<void> {
  await db.query(
    `update job_page set lease_until = null, worker = null, not_before = now() + make_interval(secs => $3),
       attempts = attempts - case when $4 then 0 else 1 end
     where id = $1 and fence = $2`,
    [hold.id, hold.fence, how.delaySeconds, how.countAttempt],
  )
}

/** Frees every lease. Only for a database that no other process can be working on. */
export async function releaseAllPages(db: Db): Promise<void> {
  await db.query(`update job_page set lease_until = null, worker = null where lease_until is not null`)
}
