import { findSameJob, insertJob, insertPage, type Db, type JobRow, type NewJob } from '@lakelens/db'

export interface Enqueued {
  job: JobRow
  /** False when the request was already running, or its idempotency key was known. */
  isNew: boolean
}

/**
 * Queues a job inside the caller's transaction, or finds the one the same request made before. `upperBound` is the last item
 * the job covers: what arrives later is not its matter. Null: it is a job without items.
 */
export async function enqueue(tx: Db, job: NewJob, upperBound: string | null): Promise<Enqueued> {
  // Twice: the job that made the insert yield may have ended before it was looked up.
  for (let attempt = 0; attempt < 2; attempt++) {
    const inserted = await insertJob(tx, job)
    if (inserted) {
      await insertPage(tx, { jobId: inserted.id, stage: 'PREPARE', cursor: null, upperBound })
      return { job: inserted, isNew: true }
    }
    const same = await findSameJob(tx, job.key, job.idempotencyKey)
    if (same) return { job: same, isNew: false }
  }
  throw new Error(`job ${job.key} was neither inserted nor found`)
}
