import { randomUUID } from 'node:crypto'
import {
  addToJob,
  claimPage,
  failJob,
  finishJobIfDone,
  insertItemPages,
  insertPage,
  jobsByIds,
  recordFailures,
  releasePage,
  removePage,
  setJobPrepared,
  setJobProblem,
  setJobStage,
  startJob,
  type ClaimedPage,
  type Database,
  type Db,
  type JobProblem,
  type JobRow,
} from '@lakelens/db'
import { jitteredBackoff, messageOf, sleep, type Closeable, type Logger } from '@lakelens/kernel'
import { announceWork, onWork } from './announce'
import { keepLeases, PageLost, type HeldPage } from './heartbeat'
import { createStageReporter } from './stageReporter'
import type { AnyTask, FaultReport, JobTask, TaskContext, WholeJobTask } from './task'

export interface WorkerOptions {
  database: Database
  tasks: Readonly<Record<string, AnyTask>>
  /** Names a thrown fault: what to tell people, and whether waiting helps. */
  reportFault(error: unknown): FaultReport
  log: Logger
  /** Pages worked on at once: while one is inferred the next is read and the last is written. */
  slots?: number
  leaseSeconds?: number
  pollMs?: number
}

/** After so many claims without an end, a page is cut in two; an item, or a job without items, fails. Crashes count, waiting doesn't. */
const maxAttempts = 3
/** Waiting pages a job keeps ahead of its workers. */
const planAhead = 32

const workerFailed: JobProblem = {
  code: 'WORKER_FAILED',
  message: `Working on it ended the worker ${maxAttempts} times.`,
  hint: 'The log of the worker has the details.',
  retryable: false,
}

/**
 * Claims pages and works on them until closed. Any number of workers may share a database: a page belongs to whoever holds
 * its fence, leases end by the database's clock, and results are written in the transaction that takes the page out.
 */
export function startWorker(options: WorkerOptions): Closeable {
  const { database, tasks, log, leaseSeconds = 10, pollMs = 250, slots = 3 } = options
  const name = `${process.pid}-${randomUUID().slice(0, 8)}`
  const closing = new AbortController()
  const held = new Map<string, HeldPage>()

  // Work made in this process is claimed at once; what other processes make is found by polling.
  let woken = new AbortController()
  const stopListening = onWork(database, () => woken.abort())
  const untilPollOrWork = async (): Promise<void> => {
    await sleep(pollMs, AbortSignal.any([closing.signal, woken.signal])).catch(() => closing.signal.throwIfAborted())
    if (woken.signal.aborted) woken = new AbortController()
  }

  // One slot polls for all of them: an idle worker asks the database four times a second, not four times a slot.
  let turn: Promise<unknown> = Promise.resolve()
  const nextPage = (): Promise<ClaimedPage> => {
    const claimed = turn.then(async () => {
      for (let failures = 0; ;) {
        closing.signal.throwIfAborted()
        try {
          const page = await claimPage(database, { worker: name, kinds: Object.keys(tasks), leaseSeconds, planAhead })
          if (page) return page
          failures = 0
          await untilPollOrWork()
        } catch (error) {
          closing.signal.throwIfAborted()
          log.warn({ err: error }, 'could not ask for work')
          await sleep(pollMs + jitteredBackoff(failures++, pollMs, 5_000), closing.signal)
        }
      }
    })
    turn = claimed.catch(() => undefined)
    return claimed
  }

  const slot = async (): Promise<void> => {
    while (!closing.signal.aborted) {
      const page = await nextPage().catch(() => null)
      if (!page) return
      const lost = new AbortController()
      held.set(page.id, { page, lost })
      try {
        await work(page, AbortSignal.any([lost.signal, closing.signal]))
      } finally {
        held.delete(page.id)
      }
    }
  }

  const work = async (page: ClaimedPage, signal: AbortSignal): Promise<void> => {
    const job = (await jobsByIds(database, [page.jobId]).catch(() => []))[0]
    const task = job && tasks[job.kind]
    if (!job || !task) return giveBack(page, 1, false)
    const reporter = createStageReporter((at) =>
      setJobStage(database, job.id, page, at).catch((error: unknown) => log.debug({ err: error }, 'stage not noted')),
    )
    const context: TaskContext = { signal, report: reporter.report, page: { id: page.id, fence: page.fence } }
    try {
      if (job.status === 'QUEUED') await startJob(database, job.id)
      if ('perform' in task) await workAsWhole(page, job, task, context, reporter.stop)
      else if (page.attempts > maxAttempts && page.stage === 'ITEMS') await split(page, job, task)
      else await stages[page.stage](page, job, task, context)
    } catch (error) {
      await reporter.stop()
      await onFault(error, page, job, task)
    } finally {
      await reporter.stop()
    }
  }

  const workAsWhole = async (
    page: ClaimedPage,
    job: JobRow,
    task: WholeJobTask,
    context: TaskContext,
    stopReporting: () => Promise<void>,
  ): Promise<void> => {
    if (page.attempts > maxAttempts) return fail(page, job, task, workerFailed)
    const write = await task.perform(job, context)
    context.signal.throwIfAborted()
    await stopReporting()
    await settle(page, job, task, async (tx) => {
      const problem = await write(tx)
      if (problem) await failJob(tx, job.id, problem)
    })
    announceWork(database)
    log.info({ jobId: job.id, pageId: page.id }, 'job settled')
  }

  const fail = (page: ClaimedPage, job: JobRow, task: AnyTask, problem: JobProblem): Promise<void> =>
    settle(page, job, task, async (tx) => {
      await failJob(tx, job.id, problem)
      await task.onFailed?.(tx, job, problem)
    })

  const settle = (page: ClaimedPage, job: JobRow, task: AnyTask, write: (tx: Db) => Promise<void>): Promise<void> =>
    database.transaction(async (tx) => {
      if (!(await removePage(tx, page))) throw new PageLost(`page ${page.id} was claimed by another worker`)
      await write(tx)
      const ended = await finishJobIfDone(tx, page.jobId)
      if (ended && 'onFinished' in task) await task.onFinished?.(tx, job)
    })

  /** As `settle`, where what is written are pages. */
  const settleInPages = async (
    page: ClaimedPage,
    job: JobRow,
    task: JobTask,
    write: (tx: Db) => Promise<void>,
  ): Promise<void> => {
    await settle(page, job, task, write)
    announceWork(database)
  }

  const stages: Record<
    ClaimedPage['stage'],
    (page: ClaimedPage, job: JobRow, task: JobTask, context: TaskContext) => Promise<void>
  > = {
    async PREPARE(page, job, task, context) {
      const prepared = await task.prepare(job, context)
      await settleInPages(page, job, task, async (tx) => {
        await prepared.confirm?.(tx)
        await setJobPrepared(tx, job.id, prepared)
        await insertPage(tx, { jobId: job.id, stage: 'PLAN', cursor: '0', upperBound: page.upperBound })
      })
    },

    async PLAN(page, job, task) {
      await settleInPages(page, job, task, async (tx) => {
        const plan = await task.plan(tx, job, { after: page.cursor ?? '0', upTo: page.upperBound ?? '0' })
        await insertItemPages(tx, job.id, plan.pages)
        if (plan.next !== null)
          await insertPage(tx, { jobId: job.id, stage: 'PLAN', cursor: plan.next, upperBound: page.upperBound })
        await addToJob(tx, job.id, { succeeded: 0, skipped: plan.skipped, failed: 0, lastUniqueName: null })
      })
    },

    async ITEMS(page, job, task, context) {
      const write = await task.run(job, page.itemIds, context)
      context.signal.throwIfAborted()
      await settle(page, job, task, async (tx) => {
        const outcome = await write(tx)
        await recordFailures(tx, job.id, outcome.failures)
        await addToJob(tx, job.id, { ...outcome, failed: outcome.failures.length })
      })
      log.info({ jobId: job.id, pageId: page.id, items: page.itemIds.length }, 'page settled')
    },
  }

  /** A page that keeps ending its workers is halved until the item that does it stands alone, and only that one fails. */
  const split = (page: ClaimedPage, job: JobRow, task: JobTask): Promise<void> =>
    settleInPages(page, job, task, async (tx) => {
      const [itemId] = page.itemIds
      if (page.itemIds.length > 1 || itemId === undefined) {
        const half = Math.ceil(page.itemIds.length / 2)
        return insertItemPages(tx, page.jobId, [page.itemIds.slice(0, half), page.itemIds.slice(half)])
      }
      const message = `Working on this item ended the worker or failed unexpectedly ${maxAttempts} times.`
      await recordFailures(tx, page.jobId, [{ itemId, code: 'WORKER_FAILED', message }])
      await addToJob(tx, page.jobId, { succeeded: 0, skipped: 0, failed: 1, lastUniqueName: null })
    })

  const onFault = async (error: unknown, page: ClaimedPage, job: JobRow, task: AnyTask): Promise<void> => {
    if (error instanceof PageLost || held.get(page.id)?.lost.signal.aborted) {
      log.warn({ jobId: job.id, pageId: page.id }, 'page lost to another worker; nothing was written')
      return
    }
    if (closing.signal.aborted) return giveBack(page, 0, false)
    const { problem, waits } = options.reportFault(error)
    log[waits ? 'warn' : 'error'](
      { err: error, jobId: job.id, stage: page.stage, attempt: page.attempts },
      problem.message,
    )
    const isJobsFault = page.stage !== 'ITEMS' && !waits && (!problem.retryable || page.attempts >= maxAttempts)
    const noted = isJobsFault ? fail(page, job, task, problem) : setJobProblem(database, job.id, problem)
    await noted.catch((cause: unknown) => log.warn({ err: cause }, 'could not note a problem'))
    if (!isJobsFault) await giveBack(page, jitteredBackoff(page.attempts, 500, 10_000) / 1000, !waits)
  }

  const giveBack = (page: ClaimedPage, delaySeconds: number, countAttempt: boolean): Promise<void> =>
    // When the database is away the lease ends by itself.
    releasePage(database, page, { delaySeconds, countAttempt }).catch((error: unknown) =>
      log.warn({ err: error, reason: messageOf(error) }, 'could not give a page back; its lease will end'),
    )

  const stopHeartbeat = keepLeases(database, held, leaseSeconds)
  const running = Promise.all(Array.from({ length: slots }, slot))
  return {
    async close() {
      closing.abort(new Error('the worker is closing'))
      stopListening()
      await running
      stopHeartbeat()
    },
  }
}
