import type { Db, JobProblem, JobRow, PreparedJob } from '@lakelens/db'

/** What a task may use while it works. */
export interface TaskContext {
  /** Aborts when the page was lost to another worker, or this one closes. */
  signal: AbortSignal
}

/** A stretch of a job's items: those to do, those already done, and where the next stretch begins (null: there is none). */
export interface Plan {
  itemIds: string[]
  skipped: number
  next: string | null
}

export interface ItemFailure {
  itemId: string
  code: string
  message: string
}

export interface PageOutcome {
  succeeded: number
  skipped: number
  failures: ItemFailure[]
  lastUniqueName: string | null
}

/** Writes the results of a page, in the transaction that also checks the fence and counts. Must be repeatable from scratch. */
export type Settle = (tx: Db) => Promise<PageOutcome>

/** One kind of job. Nothing of the machinery knows what the work is. */
export interface JobTask {
  /** Items a page holds. */
  pageSize: number
  /** Once, before anything is planned: what it takes that can be slow (a model to fetch, to open). */
  prepare(job: JobRow, context: TaskContext): Promise<PreparedJob>
  /** Reads the next stretch: items after `cursor`, up to `upperBound`. Runs in the transaction that stores the pages. */
  plan(tx: Db, job: JobRow, range: { after: string; upTo: string }): Promise<Plan>
  /** Does the work of a page without touching the database's results, and returns how to write them. */
  run(job: JobRow, itemIds: readonly string[], context: TaskContext): Promise<Settle>
}

/** Tells a fault of the surroundings (inference away, database away: wait and try again) from one of the job itself. */
export interface FaultReport {
  problem: JobProblem
  /** True: not the page's fault. It is tried again after a while, as often as it takes. */
  waits: boolean
}
