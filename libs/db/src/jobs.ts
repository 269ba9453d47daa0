import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'

export type JobStatus =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'PAUSED'
  | 'CANCELLED'
  | 'COMPLETED'
  | 'COMPLETED_WITH_ERRORS'
  | 'FAILED'
  | 'REVERTING'
  | 'REVERTED'

/** Why a job failed, or, while it goes on, what it waits for. */
export interface JobProblem {
  code: string
  message: string
  hint: string | null
  retryable: boolean
}

export interface JobRow {
  id: string
  kind: string
  name: string
  status: JobStatus
  key: string
  payload: unknown
  parameters: Record<string, unknown>
  parametersDigest: string | null
  collectionId: string | null
  modelId: string | null
  modelVersionId: string | null
  total: number | null
  succeeded: number
  skipped: number
  failed: number
  priority: number
  seq: number
  lastUniqueName: string | null
  error: JobProblem | null
  createdBy: string
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
  /** Seconds it has been running, or ran, by the database's clock. */
  elapsedSeconds: number | null
}

const columns = `j.id, j.kind, j.name, j.status, j.key, j.payload, j.parameters, j.parameters_digest as "parametersDigest",
  j.collection_id as "collectionId", j.model_id as "modelId", j.model_version_id as "modelVersionId", j.total, j.succeeded, j.skipped, j.failed,
  j.priority, j.seq, j.last_unique_name as "lastUniqueName", j.error, j.created_by as "createdBy", j.created_at as "createdAt",
  j.started_at as "startedAt", j.finished_at as "finishedAt",
  extract(epoch from coalesce(j.finished_at, clock_timestamp()) - j.started_at)::float8 as "elapsedSeconds"`

export interface NewJob {
  kind: string
  name: string
  /** Everything that makes two requests the same one. */
  key: string
  idempotencyKey: string | null
  payload: unknown
  parameters: Record<string, unknown>
  collectionId: string | null
  createdBy: string
}

/** Null when an unfinished job has this key, or any job this idempotency key. */
export async function insertJob(tx: Db, job: NewJob): Promise<JobRow | null> {
  const { rows } = await tx.query<JobRow>(
    `insert into job as j (kind, name, key, idempotency_key, payload, parameters, collection_id, created_by)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing returning ${columns}`,
    [
      job.kind,
      job.name,
      job.key,
      job.idempotencyKey,
      JSON.stringify(job.payload),
      JSON.stringify(job.parameters),
      job.collectionId,
      job.createdBy,
    ],
  )
  return rows[0] ?? null
}

/** The job an idempotency key stands for, else the unfinished one of the same request. */
export async function findSameJob(db: Db, key: string, idempotencyKey: string | null): Promise<JobRow | null> {
  const { rows } = await db.query<JobRow>(
    `select ${columns} from job j
     where j.idempotency_key = $2 or (j.key = $1 and j.status in ('QUEUED', 'IN_PROGRESS', 'PAUSED'))
     order by j.idempotency_key is not distinct from $2 desc limit 1`,
    [key, idempotencyKey],
  )
  return rows[0] ?? null
}

export async function jobsByIds(db: Db, ids: readonly string[]): Promise<JobRow[]> {
  const { rows } = await db.query<JobRow>(`select ${columns} from job j where j.id = any ($1::bigint[])`, [ids])
  return rows
}

export interface JobFilter {
  statuses: readonly JobStatus[] | null
  kinds: readonly string[] | null
  collectionId: string | null
  modelId: string | null
}

const matching = `($1::text[] is null or j.status = any ($1)) and ($2::text[] is null or j.kind = any ($2))
  and ($3::bigint is null or j.collection_id = $3) and ($4::bigint is null or j.model_id = $4)`

export async function listJobs(db: Db, filter: JobFilter, keyset: Keyset): Promise<JobRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const { rows } = await db.query<JobRow>(
    `select ${columns} from job j where ${matching} and ($5::bigint is null or j.id ${beyond} $5) order by j.id ${order} limit $6`,
    [filter.statuses, filter.kinds, filter.collectionId, filter.modelId, keyset.key, keyset.limit],
  )
  return rows
}

export async function countJobs(db: Db, filter: JobFilter): Promise<number> {
  const { rows } = await db.query<{ count: number }>(`select count(*)::integer as count from job j where ${matching}`, [
    filter.statuses,
    filter.kinds,
    filter.collectionId,
    filter.modelId,
  ])
  return rows[0]?.count ?? 0
}

/** How far each job's changes have come: what watchers poll. */
export async function jobSequences(db: Db, ids: readonly string[]): Promise<{ id: string; seq: number }[]> {
  const { rows } = await db.query<{ id: string; seq: number }>(
    `select id, seq from job where id = any ($1::bigint[])`,
    [ids],
  )
  return rows
}

/** What preparing a job found out. */
export interface PreparedJob {
  parameters: Record<string, unknown>
  parametersDigest: string
  modelId: string
  modelVersionId: string
  /** An estimate until the job ends. */
  total: number
}

export async function setJobPrepared(tx: Db, jobId: string, prepared: PreparedJob): Promise<void> {
  await tx.query(
    `update job set parameters = $2, parameters_digest = $3, model_id = $4, model_version_id = $5, total = $6, error = null, seq = seq + 1
     where id = $1`,
    [
      jobId,
      JSON.stringify(prepared.parameters),
      prepared.parametersDigest,
      prepared.modelId,
      prepared.modelVersionId,
      prepared.total,
    ],
  )
}

/** The first claim of any of its pages starts a job. Returns true when this call did. */
export async function startJob(db: Db, jobId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `update job set status = 'IN_PROGRESS', started_at = coalesce(started_at, now()), seq = seq + 1 where id = $1 and status = 'QUEUED'`,
    [jobId],
  )
  return rowCount > 0
}

export interface JobDelta {
  succeeded: number
  skipped: number
  failed: number
  lastUniqueName: string | null
}

/** Adds a page's outcome. It locks the job row, so that `finishJobIfDone` after it sees every page settled before. */
export async function addToJob(tx: Db, jobId: string, delta: JobDelta): Promise<void> {
  await tx.query(
    `update job set succeeded = succeeded + $2, skipped = skipped + $3, failed = failed + $4,
       last_unique_name = coalesce($5, last_unique_name), error = null, seq = seq + 1
     where id = $1`,
    [jobId, delta.succeeded, delta.skipped, delta.failed, delta.lastUniqueName],
  )
}

/** A job without outstanding pages is over. Must follow a statement of the same transaction that locked the job row. */
export async function finishJobIfDone(tx: Db, jobId: string): Promise<void> {
  await tx.query(
    `update job set status = case when failed > 0 then 'COMPLETED_WITH_ERRORS' else 'COMPLETED' end,
       total = succeeded + skipped + failed, finished_at = now(), seq = seq + 1
     where id = $1 and status = 'IN_PROGRESS' and not exists (select from job_page where job_id = $1)`,
    [jobId],
  )
}

/** Ends a job for good: its outstanding pages go, so that whoever still works on one can't settle it. */
export async function failJob(tx: Db, jobId: string, problem: JobProblem): Promise<void> {
  await tx.query(`delete from job_page where job_id = $1`, [jobId])
  await tx.query(
    `update job set status = 'FAILED', error = $2, finished_at = now(), seq = seq + 1 where id = $1 and status in ('QUEUED', 'IN_PROGRESS')`,
    [jobId, JSON.stringify(problem)],
  )
}

/** Says what an unfinished job waits for. */
export async function setJobProblem(db: Db, jobId: string, problem: JobProblem): Promise<void> {
  await db.query(
    `update job set error = $2, seq = seq + 1 where id = $1 and status in ('QUEUED', 'IN_PROGRESS') and error is distinct from $2::jsonb`,
    [jobId, JSON.stringify(problem)],
  )
}

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
    [jobId, failures.map((f) => f.itemId), failures.map((f) => f.code), failures.map((f) => f.message)],
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

// ---------------------------------------------------------------------------------------------------------------- pages

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

/** Cuts a list of items into pages of `pageSize`, one statement for all of them. */
export async function insertItemPages(
  tx: Db,
  jobId: string,
  itemIds: readonly string[],
  pageSize: number,
): Promise<void> {
  if (itemIds.length === 0) return
  await tx.query(
    `insert into job_page (job_id, stage, item_ids)
     select $1, 'ITEMS', array_agg(id order by n) from unnest($2::bigint[]) with ordinality as item (id, n)
     group by (n - 1) / $3::integer order by min(n)`,
    [jobId, itemIds, pageSize],
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
