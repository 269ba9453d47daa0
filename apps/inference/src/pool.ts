import { join } from 'node:path'
import { type TransferListItem, Worker, type WorkerOptions } from 'node:worker_threads'
import { LakeError, type Logger, messageOf } from '@lakelens/kernel'
import { errors } from './errors'
import {
  type OpenModel,
  type OpenedModel,
  type RunPicture,
  type RunResult,
  type ThreadReplies,
  type ThreadReply,
  type ThreadRequest,
  endThread,
} from './threadProtocol'

/** The threads that hold the sessions. `session.run()` blocks the thread it is called on, so it is never this one. */
export interface ThreadPool {
  readonly size: number
  /** Opens a model on every thread, and on every thread that takes the place of one. */
  open(model: OpenModel): Promise<OpenedModel>
  /** The caller sees to it that nothing runs on the model any more. */
  close(key: string): void
  /** Throws THREAD_LOST when the thread ends with the picture in its hands; the picture may be run again. */
  run(picture: RunPicture, signal: AbortSignal): Promise<RunResult>
  end(): Promise<void>
}

export interface PoolOptions {
  size: number
  log: Logger
  /** Told false when no thread is fit for work, true when one is again. */
  onReady(ready: boolean): void
  /** What a thread runs; the default is this program's own compiled one. */
  entry?: ThreadEntry | undefined
}

export interface ThreadEntry {
  file: string
  options?: WorkerOptions
}

interface Thread {
  worker: Worker
  pending: Map<number, { resolve(value: never): void; reject(error: Error): void }>
  /** Pictures sent to it and not yet answered. */
  inHand: number
  /** Warm, and has every model open. */
  fit: boolean
}

interface Waiting {
  start(thread: Thread): void
}

// One runs, one waits in the thread's own mailbox, so that it never idles between two; more would only bind pictures to a
// thread before it is known which will be free first.
const handful = 2
const restartDelaysMs = [0, 100, 500, 2_000, 5_000]
const healthyAfterMs = 60_000

export function createThreadPool({
  size,
  log,
  onReady,
  entry = { file: join(__dirname, 'thread.js') },
}: PoolOptions): ThreadPool {
  const threads = new Set<Thread>()
  const models = new Map<string, OpenModel>()
  const waiting: Waiting[] = []
  const timers = new Set<NodeJS.Timeout>()
  let nextId = 0
  let ready = false
  let ending = false

  const reportReadiness = (): void => {
    const now = [...threads].some((thread) => thread.fit)
    if (now !== ready && !ending) onReady((ready = now))
    else ready = now
  }

  const ask = <K extends keyof ThreadReplies>(
    thread: Thread,
    request: Extract<ThreadRequest, { kind: K }> extends infer R ? Omit<R, 'id'> : never,
    transfer: TransferListItem[] = [],
  ): Promise<ThreadReplies[K]> =>
    new Promise((resolve, reject) => {
      const id = nextId++
      thread.pending.set(id, { resolve, reject })
      thread.worker.postMessage({ id, ...request }, transfer)
    })

  const handOut = (): void => {
    while (waiting.length > 0) {
      const free = [...threads]
        .filter((thread) => thread.fit && thread.inHand < handful)
        .sort((a, b) => a.inHand - b.inHand)[0]
      if (!free) return
      waiting.shift()?.start(free)
    }
  }

  const onReply = (thread: Thread, reply: ThreadReply): void => {
    const pending = thread.pending.get(reply.id)
    thread.pending.delete(reply.id)
    if ('error' in reply) {
      const { code, category, message, facts } = reply.error
      pending?.reject(new LakeError(code, category, message, facts))
    } else {
      pending?.resolve(reply.value as never)
    }
  }

  const spawn = (failures: number): void => {
    const born = Date.now()
    let reason = 'it exited'
    const thread: Thread = { worker: new Worker(entry.file, entry.options), pending: new Map(), inHand: 0, fit: false }
    threads.add(thread)
    thread.worker.on('message', (reply: ThreadReply) => onReply(thread, reply))
    thread.worker.on('error', (error) => (reason = messageOf(error)))
    thread.worker.once('exit', () => {
      threads.delete(thread)
      reportReadiness()
      for (const { reject } of thread.pending.values()) reject(errors.THREAD_LOST({ reason }))
      if (ending) return
      const failed = Date.now() - born > healthyAfterMs ? 0 : failures + 1
      const delay = restartDelaysMs[Math.min(failed, restartDelaysMs.length - 1)]!
      log.error({ reason, restartInMs: delay }, 'an inference thread ended; starting another')
      const timer = setTimeout(() => {
        timers.delete(timer)
        spawn(failed)
      }, delay)
      timers.add(timer)
    })
    makeFit(thread).catch((error: unknown) => {
      reason = messageOf(error)
      void thread.worker.terminate()
    })
  }

  // Models opened meanwhile are sent to this thread too (`open` asks all threads), so the list is read once.
  const makeFit = async (thread: Thread): Promise<void> => {
    const known = [...models.values()]
    await ask<'warmUp'>(thread, { kind: 'warmUp' })
    for (const model of known) {
      await ask<'open'>(thread, { kind: 'open', model }).catch((error: unknown) => {
        // Given up meanwhile: a model that fails to open is closed everywhere, and must not cost this thread.
        if (models.has(model.key)) throw error
      })
    }
    thread.fit = true
    reportReadiness()
    handOut()
  }

  for (let i = 0; i < size; i++) spawn(0)

  return {
    size,
    async open(model) {
      const asked = [...threads].map((thread) => ask<'open'>(thread, { kind: 'open', model }))
      if (asked.length === 0) throw errors.THREAD_LOST({ reason: 'none is running' })
      // Known before the answers are in: a thread started meanwhile must open it as well.
      models.set(model.key, model)
      const settled = await Promise.allSettled(asked)
      const failed = settled.find((one) => one.status === 'rejected')
      if (failed) {
        this.close(model.key)
        throw failed.reason
      }
      const opened = settled.map((one) => (one as PromiseFulfilledResult<OpenedModel>).value)
      return { ...opened[0]!, warmupMs: Math.max(...opened.map(({ warmupMs }) => warmupMs)) }
    },
    close(key) {
      models.delete(key)
      // A thread that is lost in the middle of it has closed everything anyway.
      for (const thread of threads) ask<'close'>(thread, { kind: 'close', key }).catch(() => undefined)
    },
    run: (picture, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(signal.reason as Error)
        const onAbort = (): void => {
          const at = waiting.indexOf(entry)
          if (at >= 0) waiting.splice(at, 1)
          reject(signal.reason as Error)
        }
        const entry: Waiting = {
          start(thread) {
            signal.removeEventListener('abort', onAbort)
            thread.inHand++
            const done = (): void => {
              thread.inHand--
              handOut()
            }
            ask<'run'>(thread, { kind: 'run', run: picture }, [picture.pixels.buffer])
              .then(resolve, reject)
              .finally(done)
          },
        }
        signal.addEventListener('abort', onAbort, { once: true })
        waiting.push(entry)
        handOut()
      }),
    async end() {
      ending = true
      for (const timer of timers) clearTimeout(timer)
      await Promise.all([...threads].map(({ worker }) => endWorker(worker)))
    },
  }
}

// Longer than anything takes that is not stuck.
const endWithinMs = 5_000

/**
 * A thread that is stopped while the runtime is at work in it takes the whole process down (an uncaught Napi::Error), so it is
 * asked to end, and only one that is stuck is stopped.
 */
async function endWorker(worker: Worker): Promise<void> {
  if (worker.threadId === -1) return
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  worker.postMessage(endThread)
  const timer = setTimeout(() => void worker.terminate(), endWithinMs)
  await gone
  clearTimeout(timer)
}
