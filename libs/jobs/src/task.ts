import type { Db, JobProblem, JobRow, PageHold, PreparedJob } from '@lakelens/db'

/** What a task may use while it works. */
export interface TaskContext {
  /** Aborts when the page was lost to another worker, or this one closes. */
  signal: AbortSignal
  /** Says what the job is at, for people, and how much of it is done (0..1; null: can't be told). May be called as often as it likes. */
  report(stage: string, fraction: number | null): void
  /** What this worker holds the page by: whatever is written before the page is settled carries it. */
  page: PageHold
}

/** A stretch of a job's items: pages of those to do, how many are done already, and where the next stretch begins (null: there is none). */
export interface Plan {
  pages: string[][]
  skipped: number
  next: string | null
}

export interface ItemFailure {
  itemId: string
  code: string
  message: string
  /** Of a video, where the fault is at one. */
  frame?: number | null
}

export interface PageOutcome {
  succeeded: number
  skipped: number
  failures: ItemFailure[]
  lastUniqueName: string | null
}

/** Writes the results of a page, in the transaction that also checks the fence and counts. Must be repeatable from scratch. */
export type Settle = (tx: Db) => Promise<PageOutcome>

/** In the transaction that fails the job: what else must not stay as if it went on. */
type OnFailed = (tx: Db, job: JobRow, problem: JobProblem) => Promise<void>

/** One kind of job over items. Nothing of the machinery knows what the work is. */
export interface JobTask {
  /** Once, before anything is planned: what it takes that can be slow (a model to fetch, to open). */
  prepare(job: JobRow, context: TaskContext): Promise<Preparation>
  /** Reads the next stretch: items after `cursor`, up to `upperBound`. Runs in the transaction that stores the pages. */
  plan(tx: Db, job: JobRow, range: { after: string; upTo: string }): Promise<Plan>
  /** Does the work of a page without touching the database's results, and returns how to write them. */
  run(job: JobRow, itemIds: readonly string[], context: TaskContext): Promise<Settle>
  onFailed?: OnFailed
  /** In the transaction that ends the job, when all its pages are settled. */
  onFinished?(tx: Db, job: JobRow): Promise<void>
}

export interface Preparation extends PreparedJob {
  /** In the transaction that notes it: throws when what was prepared is no longer so. */
  confirm?(tx: Db): Promise<void>
}

/**
 * One kind of job without items, done in one piece: no plan, no pages, so a worker that takes it up after another begins anew.
 * Returns how to write its end, in the transaction that also checks the fence; a problem returned by that fails the job.
 */
export interface WholeJobTask {
  perform(job: JobRow, context: TaskContext): Promise<(tx: Db) => Promise<JobProblem | null>>
  onFailed?: OnFailed
}

export type AnyTask = JobTask | WholeJobTask

/** Tells a fault of the surroundings (inference away, database away: wait and try again) from one of the job itself. */
export interface FaultReport {
  problem: JobProblem
  /** True: not the page's fault. It is tried again after a while, as often as it takes. */
  waits: boolean
}
