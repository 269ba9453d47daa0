import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { jitteredBackoff, type Closeable, type Logger } from '@lakelens/kernel'
import { errors } from './errors'

export interface SupervisorOptions {
  /** 0: a free one, kept over restarts so that clients find the service again. */
  port: number
  environment: Readonly<Record<string, string>>
  log: Logger
  /** A line of the child's standard error: a log line already. */
  onLine: (line: string) => void
  /** In place of our own inference program, for tests. */
  program?: string
}

export interface Supervisor extends Closeable {
  /** host:port, the same as long as the supervisor lives. */
  readonly address: string
  /** Of the child that runs now. */
  pid(): number | undefined
}

const startMs = 20_000
const stableMs = 30_000
const backoff = { baseMs: 200, capMs: 10_000, leastMs: 100 }
const killAfterMs = 4_000
const portTakenCode = 2

/** The built program, found from `src` and `dist` alike. */
export const inferenceProgram = (): string => join(__dirname, '..', '..', 'inference', 'dist', 'main.js')

/**
 * Runs the inference service as a child and keeps it running: who decodes strangers' pictures may die of one, and is then
 * started again. Resolves once it listens. Throws INFERENCE_PORT_TAKEN or INFERENCE_NOT_STARTED when the first start fails:
 * that is a matter of set-up, which no second try mends.
 */
export async function superviseInference(options: SupervisorOptions): Promise<Supervisor> {
  const first = launch(options, options.port)
  let address: string
  try {
    address = await listening(first)
  } catch (error) {
    await end(first)
    throw first.exitCode === portTakenCode ? errors.INFERENCE_PORT_TAKEN({ port: options.port }) : error
  }
  options.log.info({ address, child: first.pid }, 'inference service listens')
  return keepRunning(options, first, address)
}

function keepRunning(options: SupervisorOptions, first: ChildProcess, address: string): Supervisor {
  const { log } = options
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  let child = first
  let closing = false
  let failures = 0
  let retry: NodeJS.Timeout | undefined

  const watch = (started: number): void => {
    const again = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (closing) return
      failures = performance.now() - started > stableMs ? 0 : failures + 1
      const waitMs = Math.round(Math.max(backoff.leastMs, jitteredBackoff(failures, backoff.baseMs, backoff.capMs)))
      log.warn({ code, signal, waitMs }, 'the inference service ended; starting it again')
      retry = setTimeout(restart, waitMs)
    }
    child.once('exit', again)
  }
  const restart = (): void => {
    child = launch(options, port)
    watch(performance.now())
    listening(child).then(
      () => log.info({ address, child: child.pid }, 'inference service listens again'),
      // One that neither listens nor ends is ended; its exit starts the next.
      () => child.kill('SIGKILL'),
    )
  }
  watch(performance.now())
  return {
    address,
    pid: () => child.pid,
    async close() {
      closing = true
      clearTimeout(retry)
      await end(child)
    },
  }
}

function launch({ environment, onLine, program = inferenceProgram() }: SupervisorOptions, port: number): ChildProcess {
  // Not detached: Ctrl-C in a terminal reaches it too. Its standard input is the other way it learns that we are gone: the
  // system closes the pipe however we died.
  const child = spawn(process.execPath, [program], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...environment, INFERENCE_HOST: '127.0.0.1', INFERENCE_PORT: String(port), LAKELENS_END_WITH_PARENT: '1' },
  })
  child.stdin?.on('error', () => undefined)
  if (child.stderr) createInterface({ input: child.stderr }).on('line', onLine)
  return child
}

/** Resolves with the address that the child prints, or rejects when it ends or stays silent. */
function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (reason: string): void => settle(() => reject(errors.INFERENCE_NOT_STARTED({ reason })))
    const onExit = (code: number | null, signal: NodeJS.Signals | null): void =>
      fail(`it ended with ${signal ?? `code ${code}`}`)
    const onError = (error: Error): void => fail(error.message)
    const timer = setTimeout(() => fail(`it said nothing for ${startMs / 1000} s`), startMs)
    const lines = createInterface({ input: child.stdout ?? process.stdin })
    const settle = (done: () => void): void => {
      clearTimeout(timer)
      child.off('exit', onExit).off('error', onError)
      child.on('error', () => undefined)
      done()
    }
    child.once('exit', onExit).once('error', onError)
    // The rest of its standard output is read and dropped: a full pipe would stop it.
    lines.on('line', (line) => {
      const address = addressIn(line)
      if (address !== null) settle(() => resolve(address))
    })
  })
}

function addressIn(line: string): string | null {
  try {
    const { listening: address } = JSON.parse(line) as { listening?: unknown }
    return typeof address === 'string' && /:\d+$/.test(address) ? address : null
  } catch {
    return null
  }
}

/** Asks, then insists. Resolves once the process is gone. */
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  await gone
  clearTimeout(timer)
}
