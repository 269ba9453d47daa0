import { type Logger, sleep } from '@lakelens/kernel'
import { errors } from '../errors'
import { pythonErrors } from './errors'
import { ProcessLost, type PythonProcess, type RawAnswer } from './process'

/** One model's process, started again whenever it is lost. */
export interface KeptProcess {
  /** Resolves with the milliseconds its start took, once it is ready. Throws MODEL_FAILED_TO_START. */
  ready(): Promise<number>
  /** Throws MODEL_FAILED when the process was lost over this picture, twice; MODEL_FAILED_TO_START when none can be had. */
  ask(contentType: string, body: Uint8Array, signal: AbortSignal): Promise<RawAnswer>
  stop(): Promise<void>
}

export interface KeepOptions {
  name: string
  /** Starts one. Throws ProcessLost when it died before it was ready, which may pass; whatever else is final. */
  start(): Promise<PythonProcess>
  /** How many pictures it is given at once. */
  concurrency: number
  log: Logger
}

interface Item {
  contentType: string
  body: Uint8Array
  losses: number
  /** The caller has gone; what is in hand is still waited for. */
  abandoned: boolean
  resolve(answer: RawAnswer): void
  reject(error: Error): void
}

const startsAllowed = 3
const lossesAllowed = 2
// Before the next start, by how many processes were lost in a row without one answer between.
const restartDelaysMs = [0, 100, 500, 2_000, 5_000]

/**
 * Hands pictures to the process, in the order they came, `concurrency` at a time. One that was in hand when the process was
 * lost is tried once more, alone, so that of several the guilty one is found and the others don't fail with it.
 */
export function keepProcess({ name, start, concurrency, log }: KeepOptions): KeptProcess {
  const queue: Item[] = []
  const inHand = new Set<Item>()
  const stopping = new AbortController()
  let current: PythonProcess | undefined
  let starting: Promise<number> | undefined
  let lossesInARow = 0

  const restartDelay = (): number => restartDelaysMs[Math.min(lossesInARow, restartDelaysMs.length - 1)]!

  const startOne = async (): Promise<number> => {
    for (let died = 1; ; died++) {
      await sleep(restartDelay(), stopping.signal)
      try {
        const process = await start()
        if (stopping.signal.aborted) await process.stop()
        stopping.signal.throwIfAborted()
        current = process
        void process.gone.then((lost) => onLost(process, lost))
        return process.startMs
      } catch (error) {
        stopping.signal.throwIfAborted()
        lossesInARow++
        if (!(error instanceof ProcessLost)) throw startError(name, error as Error)
        if (died >= startsAllowed) throw startError(name, lostBeforeReady(error))
      }
    }
  }

  const begin = (): Promise<number> => {
    if (starting) return starting
    const begun = startOne().finally(() => (starting = undefined))
    starting = begun
    begun.then(pump, (error: Error) => queue.splice(0).forEach((item) => item.reject(error)))
    return begun
  }

  const onLost = (process: PythonProcess, { reason, output }: ProcessLost): void => {
    if (current !== process) return
    current = undefined
    if (stopping.signal.aborted) return
    lossesInARow++
    log.warn({ model: name, reason, output: output.slice(-2000) }, 'the process of a model was lost')
    pump()
  }

  const hand = (item: Item, process: PythonProcess): void => {
    inHand.add(item)
    process
      .ask(item.contentType, item.body)
      .then(
        (answer) => {
          lossesInARow = 0
          item.resolve(answer)
        },
        (error: unknown) => onFailed(item, error as Error),
      )
      .finally(() => {
        inHand.delete(item)
        pump()
      })
  }

  const onFailed = (item: Item, error: Error): void => {
    if (!(error instanceof ProcessLost)) return item.reject(error)
    item.losses++
    // Where nothing gets through any more, a second try would only double the time it takes to say so.
    const hopeless = lossesInARow >= startsAllowed || stopping.signal.aborted
    if (item.losses >= lossesAllowed || hopeless || item.abandoned) return item.reject(pictureError(error))
    queue.unshift(item)
  }

  const pump = (): void => {
    if (stopping.signal.aborted || queue.length === 0) return
    if (!current) return void begin().catch(() => undefined)
    while (queue.length > 0 && inHand.size < concurrency) {
      const suspect = queue[0]!.losses > 0 || [...inHand].some(({ losses }) => losses > 0)
      if (suspect && inHand.size > 0) return
      hand(queue.shift()!, current)
    }
  }

  return {
    ready: () => (current ? Promise.resolve(current.startMs) : begin()),
    ask: (contentType, body, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted || stopping.signal.aborted)
          return reject((signal.aborted ? signal.reason : stopping.signal.reason) as Error)
        const settled = (): void => signal.removeEventListener('abort', onAbort)
        const item: Item = {
          contentType,
          body,
          losses: 0,
          abandoned: false,
          resolve: (answer) => (settled(), resolve(answer)),
          reject: (error) => (settled(), reject(error)),
        }
        const onAbort = (): void => {
          item.abandoned = true
          const at = queue.indexOf(item)
          if (at >= 0) queue.splice(at, 1)
          reject(signal.reason as Error)
        }
        signal.addEventListener('abort', onAbort, { once: true })
        queue.push(item)
        pump()
      }),
    async stop() {
      const closing = errors.SERVICE_CLOSING()
      stopping.abort(closing)
      queue.splice(0).forEach((item) => item.reject(closing))
      await starting?.catch(() => undefined)
      await current?.stop()
    },
  }
}

const startError = (name: string, { message }: Error): Error =>
  pythonErrors.MODEL_FAILED_TO_START({ name, reason: message })

const lostBeforeReady = ({ reason, output }: ProcessLost): Error =>
  new Error(
    `it was started ${startsAllowed} times, and each time it ended before model_fn had returned: ${reason}${lastLines(output)}`,
  )

const pictureError = ({ reason, output }: ProcessLost): Error =>
  errors.MODEL_FAILED({ reason: `${reason}${lastLines(output)}` })

/** The last lines somebody's program printed before it ended, bounded. */
function lastLines(output: string): string {
  const lines = output
    .replaceAll('/opt/ml/model/', '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.includes('/runner.py"'))
  const text = lines.slice(-12).join('\n').slice(-1500)
  return text === '' ? '' : `\n${text}`
}
