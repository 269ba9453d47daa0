import { apiError, type Api } from './api'
import type { Progress } from './progress'

interface Counts {
  total: number | null
  processed: number
  skipped: number
  failed: number
}

interface JobState {
  status: string
  counts: Counts
  job: { error: { code: string; message: string; hint: string | null } | null }
}

const ended = new Set(['COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'CANCELLED', 'REVERTED'])
const state = 'status counts { total processed skipped failed }'
const error = 'error { code message hint }'

/** Follows a job to its end, and returns its counts. A failed job is thrown with the job's own code, message and hint. */
export async function followJob(api: Api, id: string, progress: Progress, signal: AbortSignal): Promise<Counts> {
  let last: JobState | undefined
  const events = api.subscribe<{ jobProgress: JobState }>(
    `subscription Follow($id: ID!) { jobProgress(id: $id) { ${state} job { ${error} } } }`,
    { id },
    signal,
  )
  for await (const { jobProgress } of events) {
    last = jobProgress
    progress.update(last.counts.processed, last.counts.total ?? 0, noteOf(last))
  }
  if (last === undefined || !ended.has(last.status)) last = await readJob(api, id, signal)
  if (last.status !== 'COMPLETED' && last.status !== 'COMPLETED_WITH_ERRORS') {
    const { code, message, hint } = last.job.error ?? {
      code: 'JOB_STATE',
      message: `The job is ${last.status}.`,
      hint: null,
    }
    throw apiError(code, hint && !message.includes(hint) ? `${message} ${hint}` : message)
  }
  progress.stop()
  return last.counts
}

function noteOf({ status, counts, job }: JobState): string {
  if (counts.failed > 0) return `${counts.failed} failed`
  if (ended.has(status)) return status.startsWith('COMPLETED') ? '' : status.toLowerCase()
  if (job.error) return `waiting: ${job.error.message}`
  return counts.processed === 0 ? 'getting the model ready' : ''
}

async function readJob(api: Api, id: string, signal: AbortSignal): Promise<JobState> {
  const { job } = await api.request<{ job: (Omit<JobState, 'job'> & JobState['job']) | null }>(
    `query Job($id: ID!) { job(id: $id) { ${state} ${error} } }`,
    { id },
    { signal },
  )
  if (job === null) throw apiError('NOT_FOUND', `The job ${id} is gone.`)
  return { status: job.status, counts: job.counts, job: { error: job.error } }
}
