import { type Logger, messageOf } from '@lakelens/kernel'
import { type Frame, FrameError, createFrameReader, encodeFrame } from './frames'
import { printable } from './printable'
import type { Confined, Sandbox } from './sandbox'
import { createTail } from './tail'
import { watchTree } from './watchdog'

/** The process is gone, and why; whatever it had in hand is lost. */
export class ProcessLost extends Error {
  constructor(
    readonly reason: string,
    /** The last it wrote on standard error. */
    readonly output: string,
  ) {
    super(reason)
  }
}

/** `model_fn`, or the loading of `inference.py`, raised: starting again would raise again. */
export class StartRaised extends Error {}

/** What came back for one picture. */
export type RawAnswer = { value: unknown; body: Uint8Array<ArrayBuffer> } | { refused: string } | { raised: string }

export interface PythonProcess {
  /** Milliseconds from its start until `model_fn` had returned. */
  readonly startMs: number
  /** Throws ProcessLost. One that doesn't answer within the time allowed is killed. */
  ask(contentType: string, body: Uint8Array): Promise<RawAnswer>
  /** Resolves when it is gone, however that came. */
  readonly gone: Promise<ProcessLost>
  stop(): Promise<void>
}

export interface ProcessOptions {
  sandbox: Sandbox
  confined: Confined
  memoryMiB: number
  startWithinMs: number
  answerWithinMs: number
  log: Logger
}

const MiB = 1024 * 1024
/** Of one answer: the masks of 100 objects on 1024 × 1024 pixels, one byte each. */
export const maxAnswerBytes = 128 * MiB
/** Of that, what is JSON: it takes ten times its length once it is parsed. */
export const maxHeaderBytes = 16 * MiB
const maxProcesses = 64
const keptOutput = 64 * 1024
// Between two answers. A progress bar writes kilobytes; what writes this much would only be read to be thrown away.
const maxOutputBytes = 32 * MiB

interface Asked {
  resolve(answer: RawAnswer): void
  reject(error: Error): void
  timer: NodeJS.Timeout
}

/** Starts a runner and waits until its model is loaded. Throws StartRaised, or ProcessLost when it died before. */
export async function startProcess(options: ProcessOptions): Promise<PythonProcess> {
  const { sandbox, confined, memoryMiB, startWithinMs, answerWithinMs, log } = options
  const started = performance.now()
  const { child, kill } = await sandbox.start(confined)
  const asked = new Map<number, Asked>()
  const tail = createTail(keptOutput)
  let nextId = 0
  let output = 0
  let fault: string | undefined
  let ended = false
  /** Whether it has said that it is ready, or why it never will be; said again, it would be a way to keep us busy. */
  let settled = false
  let grace: NodeJS.Timeout | undefined
  const starting = new Deferred<number>()
  const gone = new Deferred<ProcessLost>()

  // What it is killed for is what is told, and not that it was killed.
  const killFor = (reason: string): void => {
    fault ??= reason
    kill()
  }

  const onOutput = (chunk: Buffer): void => {
    tail.push(chunk)
    output += chunk.length
    if (output > maxOutputBytes) killFor(`it printed more than ${maxOutputBytes / MiB} MiB between two answers`)
  }

  const onFrame = ({ header, body }: Frame): void => {
    output = 0
    if (!settled) {
      settled = header['ready'] === true || isRecord(header['failed'])
      if (header['ready'] === true) return starting.resolve(performance.now() - started)
      if (isRecord(header['failed'])) return starting.reject(new StartRaised(startFailure(header['failed'])))
    }
    const waiting = typeof header['id'] === 'number' ? asked.get(header['id']) : undefined
    const answer = readAnswer(header, body)
    if (!waiting || !answer) return killFor('it wrote something that is no answer')
    asked.delete(header['id'] as number)
    clearTimeout(waiting.timer)
    waiting.resolve(answer)
  }

  const read = createFrameReader({ frame: maxAnswerBytes, header: maxHeaderBytes })
  child.stdout?.on('data', (chunk: Buffer) => {
    if (fault !== undefined) return
    try {
      read(chunk).forEach(onFrame)
    } catch (error) {
      if (!(error instanceof FrameError)) throw error
      killFor(error.message)
    }
  })
  child.stdout?.once('end', () => {
    // It closed the pipe and may live on, answering nobody.
    if (child.exitCode === null && child.signalCode === null)
      setTimeout(killFor, closingGraceMs, 'it closed the pipe of its answers').unref()
  })
  child.stderr?.on('data', onOutput)
  // EPIPE: that it is gone is told by its end.
  child.stdin?.on('error', () => undefined)

  const timer = setTimeout(() => killFor(`model_fn did not return within ${startWithinMs / 1000} s`), startWithinMs)
  const stopWatching =
    child.pid === undefined ? undefined : watchTree(child.pid, { memoryMiB, processes: maxProcesses }, killFor)

  const onEnd = (reason: string): void => {
    if (ended) return
    ended = true
    clearTimeout(timer)
    clearTimeout(grace)
    stopWatching?.()
    const lost = new ProcessLost(fault ?? reason, tail.text())
    starting.reject(lost)
    for (const waiting of asked.values()) {
      clearTimeout(waiting.timer)
      waiting.reject(lost)
    }
    asked.clear()
    gone.resolve(lost)
  }
  child.once('error', (error) => onEnd(`it could not be started: ${messageOf(error)}`))
  child.once('close', (code, signal) => onEnd(endOf(code, signal)))
  // Without a sandbox, what it left behind may hold its pipes open for ever.
  child.once('exit', (code, signal) => (grace = setTimeout(() => onEnd(endOf(code, signal)), closingGraceMs)))

  try {
    const startMs = await starting.promise
    clearTimeout(timer)
    return {
      startMs,
      gone: gone.promise,
      ask: (contentType, body) =>
        new Promise((resolve, reject) => {
          if (ended) return void gone.promise.then(reject)
          const id = nextId++
          const late = setTimeout(
            () => killFor(`it did not answer within ${answerWithinMs / 1000} s (python.timeoutSeconds)`),
            answerWithinMs,
          )
          asked.set(id, { resolve, reject, timer: late })
          for (const piece of encodeFrame({ id, contentType }, body)) child.stdin?.write(piece)
        }),
      async stop() {
        killFor('it was stopped')
        await gone.promise
      },
    }
  } catch (error) {
    kill()
    await gone.promise
    if (error instanceof ProcessLost) log.warn({ reason: error.reason, output: error.output }, 'a model did not start')
    throw error
  }
}

const closingGraceMs = 500

class Deferred<T> {
  resolve!: (value: T) => void
  reject!: (error: Error) => void
  readonly promise = new Promise<T>((resolve, reject) => {
    this.resolve = resolve
    this.reject = reject
  })

  constructor() {
    // Whoever waits is told all the same; nobody may be waiting any more.
    this.promise.catch(() => undefined)
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

function readAnswer(header: Record<string, unknown>, body: Uint8Array<ArrayBuffer>): RawAnswer | null {
  if ('value' in header) return { value: header['value'], body }
  if (typeof header['refused'] === 'string') return { refused: printable(header['refused'].slice(0, maxText)) }
  const raised = header['raised']
  return isRecord(raised) && typeof raised['text'] === 'string'
    ? { raised: printable(raised['text'].slice(-maxText)) }
    : null
}

const maxText = 3000

function startFailure({ where, text }: Record<string, unknown>): string {
  const told = typeof text === 'string' ? printable(text.slice(-maxText)) : 'it did not say why'
  return where === 'model_fn' ? `model_fn raised:\n${told}` : `code/inference.py could not be loaded:\n${told}`
}

// bubblewrap ends with 128 + signal for what a signal ended inside it.
const signals: Readonly<Record<number, string>> = {
  4: 'an illegal instruction',
  6: 'an abort',
  7: 'a bus error',
  8: 'an arithmetic fault',
  9: 'a kill, perhaps by the system for want of memory',
  11: 'a segmentation fault',
  15: 'a request to terminate',
  31: 'a forbidden system call',
}
const names: Readonly<Record<string, number>> = {
  SIGILL: 4,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
  SIGSYS: 31,
}

function endOf(code: number | null, signal: NodeJS.Signals | null): string {
  const number = signal === null ? (code ?? 0) - 128 : (names[signal] ?? 0)
  const what = signals[number]
  if (what) return `its process ended by ${what}`
  return signal === null ? `its process ended with code ${code}` : `its process ended by ${signal}`
}
