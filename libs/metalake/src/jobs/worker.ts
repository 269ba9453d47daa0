import type { JobProblem } from '@lakelens/db'
import { startWorker as startJobWorker, type FaultReport, type JobTask } from '@lakelens/jobs'
import { isLakeError, messageOf, type Closeable } from '@lakelens/kernel'
import { embeddingsTask } from '../embeddings'
import type { Lake } from '../lake'
import { autoTagTask } from '../tagging'
import { sweepUploads } from '../uploads'
import type { JobKind } from './kinds'

const sweepEveryMs = 3_600_000

/** Every kind of job has exactly one handler, and the compiler checks it. */
const workerTasks = (lake: Lake) =>
  ({ autoTag: autoTagTask(lake), embeddings: embeddingsTask(lake) }) satisfies Record<JobKind, JobTask>

/** Works on jobs until closed, and clears away abandoned uploads once an hour. `lake.viewer` must be the system's. */
export function startWorker(lake: Lake, options: { slots?: number } = {}): Closeable {
  const worker = startJobWorker({ database: lake.db, tasks: workerTasks(lake), reportFault, log: lake.log, ...options })
  const sweep = (): void => {
    sweepUploads(lake).catch((error: unknown) =>
      lake.log.warn({ err: error }, 'could not clear away abandoned uploads'),
    )
  }
  const timer = setInterval(sweep, sweepEveryMs)
  timer.unref()
  return {
    async close() {
      clearInterval(timer)
      await worker.close()
    },
  }
}

// Postgres' classes for a connection that is gone, resources that ran out, and a server that starts or stops; and the system's.
const passingFault =
  /^(08|53|57P|40001|40P01)|^(ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOSPC|EDQUOT|EMFILE)$/

/** Tells what waiting can mend (inference or database away, disk full) from what it can't. */
export function reportFault(error: unknown): FaultReport {
  if (isLakeError(error)) {
    const waits =
      error.facts['retryable'] === true || error.category === 'UNAVAILABLE' || error.category === 'STORAGE_FULL'
    return { problem: { code: error.code, message: error.message, hint: null, retryable: waits }, waits }
  }
  const code = String((error as { code?: unknown } | null)?.code ?? '')
  const waits =
    passingFault.test(code) || /connection terminated|timeout exceeded when trying to connect/i.test(messageOf(error))
  const problem: JobProblem = waits
    ? {
        code: 'UNAVAILABLE',
        message: 'The database or the disk is not available at the moment.',
        hint: 'The job goes on by itself.',
        retryable: true,
      }
    : {
        code: 'INTERNAL',
        message: 'Something unforeseen went wrong; the log has the details.',
        hint: null,
        retryable: true,
      }
  return { problem, waits }
}
