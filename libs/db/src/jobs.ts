import type { Db } from './db'
import type { PageHold } from './jobPages'
import { keysetWords, type Keyset } from './keyset'
import { dropStagedOfJob } from './stagedDetections'
import { storableJson } from './storable'

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
  /** For people: what it is at, before its items or without any. */
  stage: string | null
  /** 0..1 of a job without items. */
  fraction: number | null
  /** What a job without items found out. */
  result: unknown
  /** The file it made, until its time is over. */
  outputDigest: string | null
  outputName: string | null
  outputMediaType: string | null
  outputExpiresAt: Date | null
  createdBy: string
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
  /** Seconds it has been running, or ran, by the database's clock. */
  elapsedSeconds: number | null
}

const columns = `j.id, j.kind, j.name, j.status, j.key, j.payload, j.parameters, j.parameters_digest as "parametersDigest",
  j.collection_id as "collectionId", j.model_id as "modelId", j.model_version_id as "modelVersionId", j.total, j.succeeded, j.skipped, j.failed,
  j.priority, j.seq, j.last_unique_name as "lastUniqueName", j.error, j.stage, j.fraction::float8 as fraction, j.result, j.output_digest as "outputDigest",
  j.output_name as "outputName", j.output_media_type as "outputMediaType", j.output_expires_at as "outputExpiresAt", j.created_by as "createdBy", j.created_at as "createdAt",
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
  /** Null where the job runs no model. */
  parametersDigest: string | null
  modelId: string | null
  modelVersionId: string | null
  /** An estimate until the job ends. */
  total: number
}

export async function setJobPrepared(tx: Db, jobId: string, prepared: PreparedJob): Promise<void> {
  await tx.query(
    `update job set parameters = $2, parameters_digest = $3, model_id = $4, model_version_id = $5, total = $6, error = null, stage = null,
       fraction = null, seq = seq + 1
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

/**
 * A job without outstanding pages is over; returns whether this call ended it. Must follow a statement of the same transaction
 * that locked the job row.
 */
export async function finishJobIfDone(tx: Db, jobId: string): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update job set status = case when failed > 0 then 'COMPLETED_WITH_ERRORS' else 'COMPLETED' end,
       total = succeeded + skipped + failed, stage = null, fraction = null, finished_at = now(), seq = seq + 1
     where id = $1 and status = 'IN_PROGRESS' and not exists (select from job_page where job_id = $1)`,
    [jobId],
  )
  // Of a page that was given up, what it had noted is left.
  if (rowCount > 0) await dropStagedOfJob(tx, jobId)
  return rowCount > 0
}

/** Ends a job for good: its outstanding pages go, so that whoever still works on one can't settle it. */
export async function failJob(tx: Db, jobId: string, problem: JobProblem): Promise<void> {
  await tx.query(`delete from job_page where job_id = $1`, [jobId])
  await dropStagedOfJob(tx, jobId)
  await tx.query(
    `update job set status = 'FAILED', error = $2, stage = null, fraction = null, finished_at = now(), seq = seq + 1
     where id = $1 and status in ('QUEUED', 'IN_PROGRESS')`,
    [jobId, storableJson(problem)],
  )
}

/** Says what an unfinished job waits for. */
export async function setJobProblem(db: Db, jobId: string, problem: JobProblem): Promise<void> {
  await db.query(
    `update job set error = $2, seq = seq + 1 where id = $1 and status in ('QUEUED', 'IN_PROGRESS') and error is distinct from $2::jsonb`,
    [jobId, storableJson(problem)],
  )
}

/** Says what a job is at, as long as whoever says it holds the page: a worker that comes late must not speak for another. */
export async function setJobStage(
  db: Db,
  jobId: string,
  hold: PageHold,
  at: { stage: string; fraction: number | null },
): Promise<void> {
  await db.query(
    `update job set stage = $4, fraction = $5::real, error = null, seq = seq + 1
     where id = $1 and status = 'IN_PROGRESS' and (stage, fraction) is distinct from ($4, $5::real)
       and exists (select from job_page where id = $2 and fence = $3)`,
    [jobId, hold.id, hold.fence, at.stage, at.fraction],
  )
}

/** What a job without items found out. Locks the job row, so that `finishJobIfDone` may follow. */
export async function setJobResult(tx: Db, jobId: string, result: unknown): Promise<void> {
  await tx.query(
    `update job set result = $2, error = case when status = 'FAILED' then error end, seq = seq + 1 where id = $1`,
    [jobId, storableJson(result)],
  )
}

/** Which model a job is about, known before it is prepared or changed at its end. */
export async function setJobModel(tx: Db, jobId: string, modelId: string, modelVersionId: string): Promise<void> {
  await tx.query(`update job set model_id = $2, model_version_id = $3, seq = seq + 1 where id = $1`, [
    jobId,
    modelId,
    modelVersionId,
  ])
}
