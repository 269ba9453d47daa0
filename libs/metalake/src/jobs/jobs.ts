import {
  countFailures,
  countJobs,
  jobsByIds as jobRows,
  labelCountsOfJob,
  listFailures,
  listJobs as jobPage,
  type FailureRow,
  type JobProblem,
  type JobRow,
  type JobStatus,
  type ValidationReport,
} from '@lakelens/db'
import { z } from 'zod'
import { isId } from '../ids'
import { storedSelection, type Filter } from '../items/selection'
import type { Lake } from '../lake'
import { readPage, type Page, type PageArgs } from '../page'
import { jobTypes, kindOfType, type JobKind, type JobType } from './kinds'

export type { JobStatus }

export interface Job {
  id: string
  name: string
  type: JobType
  status: JobStatus
  /** 0..100; 100 only at the end. */
  progress: number
  /** `total` is an estimate until the job ends, and null until it was prepared. */
  counts: { total: number | null; processed: number; succeeded: number; skipped: number; failed: number }
  /** Grows with every change. */
  seq: number
  modelId: string | null
  modelVersionId: string | null
  collectionId: string | null
  /** Of a run over the whole lake; null for others. */
  contentType: 'IMAGE' | 'VIDEO' | 'OTHER' | null
  /** As it was asked. */
  query: string | null
  filter: Filter | null
  platform: 'LOCAL'
  /** Every effective parameter, defaults filled in. */
  parameters: Record<string, unknown>
  itemsPerSecond: number | null
  estimatedCompletionAt: Date | null
  lastUniqueName: string | null
  /** For people: what it is at, before its items or without any; null otherwise. */
  stage: string | null
  /** What the checks of a model package found; null until they have ended, and for other jobs. */
  validation: ValidationReport | null
  /** For people: what it left out or could not keep. */
  notes: string[]
  /** The file it made, until its time is over. */
  output: { digest: string; name: string; mediaType: string; expiresAt: Date } | null
  error: JobProblem | null
  priority: number
  attempt: number
  createdBy: string
  createdAt: Date
  startedAt: Date | null
  finishedAt: Date | null
}

export type JobFailure = FailureRow

const ended: readonly JobStatus[] = ['CANCELLED', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'REVERTED']
export const hasEnded = (status: JobStatus): boolean => ended.includes(status)

/** A row as people see it. */
export function toJob(row: JobRow): Job {
  const processed = row.succeeded + row.skipped + row.failed
  const worked = row.succeeded + row.failed
  const rate = worked > 0 && row.elapsedSeconds ? worked / row.elapsedSeconds : null
  const remaining = row.total === null ? null : Math.max(0, row.total - processed)
  const share = row.fraction ?? (row.total ? processed / row.total : 0)
  return {
    id: row.id,
    name: row.name,
    type: jobTypes[row.kind as JobKind],
    status: row.status,
    progress:
      row.status === 'COMPLETED' || row.status === 'COMPLETED_WITH_ERRORS'
        ? 100
        : Math.min(99.9, Math.round(share * 1000) / 10),
    counts: { total: row.total, processed, succeeded: row.succeeded, skipped: row.skipped, failed: row.failed },
    seq: row.seq,
    modelId: row.modelId,
    modelVersionId: row.modelVersionId,
    collectionId: row.collectionId,
    ...selectedBy(row.payload),
    platform: 'LOCAL',
    parameters: row.parameters,
    itemsPerSecond: rate,
    estimatedCompletionAt:
      row.status === 'IN_PROGRESS' && rate !== null && remaining !== null
        ? new Date(Date.now() + (remaining / rate) * 1000)
        : null,
    lastUniqueName: row.lastUniqueName,
    stage: row.stage,
    validation: reportOf(row.result),
    notes: notesOf(row.result),
    output: outputOf(row),
    error: row.error,
    priority: row.priority,
    attempt: 1,
    createdBy: row.createdBy,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  }
}

const withSelection = z.object({ selection: storedSelection })

/** What a job over items was narrowed by; nothing for jobs without items. */
function selectedBy(payload: unknown): Pick<Job, 'contentType' | 'query' | 'filter'> {
  const { data } = withSelection.safeParse(payload)
  const { contentType = null, query = null, filter = null } = data?.selection ?? {}
  return { contentType, query, filter }
}

/** Jobs write their results themselves: what has a report has it here. */
const reportOf = (result: unknown): ValidationReport | null =>
  typeof result === 'object' && result !== null && 'validation' in result
    ? (result.validation as ValidationReport | null)
    : null

const notesOf = (result: unknown): string[] =>
  typeof result === 'object' && result !== null && 'notes' in result ? (result.notes as string[]) : []

const outputOf = ({ outputDigest, outputName, outputMediaType, outputExpiresAt }: JobRow): Job['output'] =>
  outputDigest === null || outputExpiresAt === null || outputExpiresAt.getTime() <= Date.now()
    ? null
    : {
        digest: outputDigest,
        name: outputName ?? 'file',
        mediaType: outputMediaType ?? 'application/octet-stream',
        expiresAt: outputExpiresAt,
      }

/** A signed address of the file a job made, good for an hour; null where there is none, or none any more. */
export async function jobDownloadUrl(lake: Lake, job: Job): Promise<string | null> {
  lake.viewer.require('read')
  if (job.output === null) return null
  const { digest, name, mediaType } = job.output
  const grant = { method: 'GET', path: `/media/${digest}`, mediaType, fileName: name, expiresIn: 3600 } as const
  return (await lake.signer.sign(grant)).url
}

export async function getJob(lake: Lake, id: string): Promise<Job | null> {
  return (await jobsByIds(lake, [id]))[0] ?? null
}

/** One entry an id, in the order asked. */
export async function jobsByIds(lake: Lake, ids: readonly string[]): Promise<(Job | null)[]> {
  lake.viewer.require('read')
  const found = new Map((await jobRows(lake.db, ids.filter(isId))).map((row) => [row.id, toJob(row)]))
  return ids.map((id) => found.get(id) ?? null)
}

export interface JobQuery {
  statuses?: readonly JobStatus[] | null | undefined
  types?: readonly JobType[] | null | undefined
  /** Database ids. */
  collectionId?: string | null | undefined
  modelId?: string | null | undefined
}

/** The newest first. */
export async function listJobs(lake: Lake, query: JobQuery & PageArgs): Promise<Page<Job>> {
  lake.viewer.require('read')
  const filter = {
    statuses: query.statuses ?? null,
    kinds: query.types?.map((type) => kindOfType(type) ?? type) ?? null,
    collectionId: query.collectionId ?? null,
    modelId: query.modelId ?? null,
  }
  const page = await readPage(query, lake.limits.maxPageSize, {
    order: 'job-id',
    descending: true,
    rows: (keyset) => jobPage(lake.db, filter, keyset),
    count: () => countJobs(lake.db, filter),
    keyOf: (row) => row.id,
  })
  return { ...page, edges: page.edges.map(({ cursor, node }) => ({ cursor, node: toJob(node) })) }
}

/** Items that failed, with the reason. */
export async function jobFailures(lake: Lake, jobId: string, args: PageArgs): Promise<Page<JobFailure>> {
  lake.viewer.require('read')
  return readPage(args, lake.limits.maxPageSize, {
    order: 'failure-id',
    rows: (keyset) => listFailures(lake.db, jobId, keyset),
    count: () => countFailures(lake.db, jobId),
    keyOf: (row) => row.id,
  })
}

/** Live detections of the job by label, the most frequent first, at most 1,000 labels. */
export async function labelCounts(
  lake: Lake,
  jobId: string,
): Promise<{ label: string; items: number; detections: number }[]> {
  lake.viewer.require('read')
  return labelCountsOfJob(lake.db, jobId)
}
