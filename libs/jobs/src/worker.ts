import { randomUUID } from 'node:crypto'
import {
  addToJob,
  claimPage,
  extendLeases,
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
  startJob,
  type ClaimedPage,
  type Database,
  type Db,
  type JobRow,
} from '@lakelens/db'
import { jitteredBackoff, messageOf, sleep, type Closeable, type Logger } from '@lakelens/kernel'
import { announceWork, onWork } from './announce'
import type { FaultReport, JobTask } from './task'

export interface WorkerOptions {
  database: Database
  tasks: Readonly<Record<string, JobTask>>
  /** Names a thrown fault: what to tell people, and whether waiting helps. */
  reportFault(error: unknown): FaultReport
  log: Logger
  /** Pages worked on at once: while one is inferred the next is read and the last is written. */
  slots?: number
  leaseSeconds?: number
  pollMs?: number
}

/** After so many claims without an end, a page is cut in two; an item alone fails. Crashes count, waiting doesn't. */
const maxAttempts = 3
/** Waiting pages a job keeps ahead of its workers. */
const planAhead = 32

class PageLost extends Error {
  override readonly name = 'PageLost'
}

/**
 * Claims pages and works on them until closed. Any number of workers may share a database: a page belongs to whoever holds
 * its fence, leases end by the database's clock, and results are written in the transaction that takes the page out.
 */
export function startWorker(options: WorkerOptions): Closeable {
  const { database, tasks, log, leaseSeconds = 10, pollMs = 250, slots = 3 } = options
  const name = `${process.pid}-${randomUUID().slice(0, 8)}`
  const closing = new AbortController()
  const held = new Map<string, { page: ClaimedPage; lost: AbortController }>()

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
    try {
      if (job.status === 'QUEUED') await startJob(database, job.id)
      if (page.attempts > maxAttempts && page.stage === 'ITEMS') await split(page)
      else await stages[page.stage](page, job, task, signal)
    } catch (error) {
      await onFault(error, page, job)
    }
  }

  const settle = (page: ClaimedPage, write: (tx: Db) => Promise<void>): Promise<void> =>
    database.transaction(async (tx) => {
      if (!(await removePage(tx, page))) throw new PageLost(`page ${page.id} was claimed by another worker`)
      await write(tx)
      await finishJobIfDone(tx, page.jobId)
    })

  /** As `settle`, where what is written are pages. */
  const settleInPages = async (page: ClaimedPage, write: (tx: Db) => Promise<void>): Promise<void> => {
    await settle(page, write)
    announceWork(database)
  }

  const stages: Record<
    ClaimedPage['stage'],
    (page: ClaimedPage, job: JobRow, task: JobTask, signal: AbortSignal) => Promise<void>
  > = {
    async PREPARE(page, job, task, signal) {
      const prepared = await task.prepare(job, { signal })
      await settleInPages(page, async (tx) => {
        await setJobPrepared(tx, job.id, prepared)
        await insertPage(tx, { jobId: job.id, stage: 'PLAN', cursor: '0', upperBound: page.upperBound })
      })
    },

    async PLAN(page, job, task) {
      await settleInPages(page, async (tx) => {
        const plan = await task.plan(tx, job, { after: page.cursor ?? '0', upTo: page.upperBound ?? '0' })
        await insertItemPages(tx, job.id, plan.itemIds, task.pageSize)
        if (plan.next !== null)
          await insertPage(tx, { jobId: job.id, stage: 'PLAN', cursor: plan.next, upperBound: page.upperBound })
        await addToJob(tx, job.id, { succeeded: 0, skipped: plan.skipped, failed: 0, lastUniqueName: null })
      })
    },

    async ITEMS(page, job, task, signal) {
      const write = await task.run(job, page.itemIds, { signal })
      signal.throwIfAborted()
      await settle(page, async (tx) => {
        const outcome = await write(tx)
        await recordFailures(tx, job.id, outcome.failures)
        await addToJob(tx, job.id, { ...outcome, failed: outcome.failures.length })
      })
      log.info({ jobId: job.id, pageId: page.id, items: page.itemIds.length }, 'page settled')
    },
  }

  /** A page that keeps ending its workers is halved until the item that does it stands alone, and only that one fails. */
  const split = (page: ClaimedPage): Promise<void> =>
    settleInPages(page, async (tx) => {
      const [itemId] = page.itemIds
      if (page.itemIds.length > 1 || itemId === undefined) {
        return insertItemPages(tx, page.jobId, page.itemIds, Math.ceil(page.itemIds.length / 2))
      }
      const message = `Working on this item ended the worker or failed unexpectedly ${maxAttempts} times.`
      await recordFailures(tx, page.jobId, [{ itemId, code: 'WORKER_FAILED', message }])
      await addToJob(tx, page.jobId, { succeeded: 0, skipped: 0, failed: 1, lastUniqueName: null })
    })

  const onFault = async (error: unknown, page: ClaimedPage, job: JobRow): Promise<void> => {
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
    await database
      .transaction(async (tx) => {
        if (isJobsFault) await failJob(tx, job.id, problem)
        else await setJobProblem(tx, job.id, problem)
      })
      .catch((cause: unknown) => log.warn({ err: cause }, 'could not note a problem'))
    if (!isJobsFault) await giveBack(page, jitteredBackoff(page.attempts, 500, 10_000) / 1000, !waits)
  }

  const giveBack = (page: ClaimedPage, delaySeconds: number, countAttempt: boolean): Promise<void> =>
    // When the database is away the lease ends by itself.
    releasePage(database, page, { delaySeconds, countAttempt }).catch((error: unknown) =>
      log.warn({ err: error, reason: messageOf(error) }, 'could not give a page back; its lease will end'),
    )

  let lastHeartbeat = Date.now()
  const heartbeat = setInterval(
    () => {
      if (held.size === 0) {
        lastHeartbeat = Date.now()
        return
      }
      const holds = [...held.values()]
      extendLeases(
        database,
        holds.map((hold) => hold.page),
        leaseSeconds,
      ).then(
        (kept) => {
          lastHeartbeat = Date.now()
          for (const { page, lost } of holds)
            if (!kept.has(page.id)) lost.abort(new PageLost(`page ${page.id} is no longer ours`))
        },
        () => {
          // Leases have run out for sure: others may have the pages already, so the work would only be done twice.
          if (Date.now() - lastHeartbeat > leaseSeconds * 1000)
            for (const hold of held.values()) hold.lost.abort(new PageLost('leases ran out'))
        },
      )
    },
    (leaseSeconds * 1000) / 3,
  )

  const running = Promise.all(Array.from({ length: slots }, slot))
  return {
    async close() {
      closing.abort(new Error('the worker is closing'))
      stopListening()
      await running
      clearInterval(heartbeat)
    },
  }
}
