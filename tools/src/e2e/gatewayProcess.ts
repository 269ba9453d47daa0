import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { sleep } from '@lakelens/kernel'

/** A gateway as people run it: the built program in a process of its own. */
export interface GatewayProcess {
  url: string
  pid: number
  /** What it logged so far. */
  log(): string
  /** The inference process it started; undefined while there is none. */
  inferencePid(): number | undefined
  /** `kill -9`: no handler runs. Resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

const main = resolve(__dirname, '../../../apps/gateway/dist/main.js')
const startWithinMs = 30_000

/** Starts it and waits until it is ready. `environment` is all it gets besides PATH and HOME. */
export async function spawnGateway(environment: Record<string, string>): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [main], {
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: process.env['HOME'] ?? '',
      PORT: '0',
      INFERENCE_PORT: '0',
      LAKELENS_READY_LINE: '1',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => (log = (log + chunk.toString()).slice(-200_000)))
  // Before it is ready its end is told by who waits for that.
  let isExpected = true
  const exited = new Promise<number | null>((resolveExit) =>
    child.once('exit', (code, signal) => {
      if (!isExpected) console.error(`the gateway ended by itself with ${code ?? signal}\n${log}`)
      resolveExit(code)
    }),
  )
  const url = await readyUrl(child, exited, () => log)
  isExpected = false
  const pid = child.pid as number
  return {
    url,
    pid,
    log: () => log,
    inferencePid: () => childProcesses(pid).find(({ command }) => command.includes('apps/inference'))?.pid,
    async kill() {
      isExpected = true
      child.kill('SIGKILL')
      await exited
    },
    stop() {
      isExpected = true
      child.kill('SIGTERM')
      return exited
    },
  }
}

async function readyUrl(child: ChildProcess, exited: Promise<number | null>, log: () => string): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  const ready = new Promise<string>((resolveReady) => {
    lines.on('line', (line) => {
      if (line.startsWith('{"ready"')) resolveReady((JSON.parse(line) as { ready: string }).ready)
    })
  })
  const gone = exited.then((code) =>
    Promise.reject(new Error(`the gateway ended with ${code} before it was ready\n${log()}`)),
  )
  const answered = new AbortController()
  const late = sleep(startWithinMs, answered.signal).then(() => {
    child.kill('SIGKILL')
    throw new Error(`the gateway was not ready after ${startWithinMs} ms\n${log()}`)
  })
  return Promise.race([ready, gone, late]).finally(() => {
    late.catch(() => undefined)
    answered.abort()
  })
}

interface ProcessLine {
  pid: number
  parent: number
  command: string
}

/** Every process of this machine, as `ps` tells it on Linux and macOS alike. */
export function allProcesses(): ProcessLine[] {
  return execFileSync('ps', ['-A', '-o', 'pid=,ppid=,command='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line)
      return match ? [{ pid: Number(match[1]), parent: Number(match[2]), command: match[3] ?? '' }] : []
    })
}

const childProcesses = (parent: number): ProcessLine[] => allProcesses().filter((line) => line.parent === parent)

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Waits until a process is gone; false when it is still there after `withinMs`. */
export async function isGone(pid: number, withinMs: number): Promise<boolean> {
  for (const end = Date.now() + withinMs; isAlive(pid); await sleep(50)) if (Date.now() > end) return false
  return true
}
