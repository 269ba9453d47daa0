import { spawn } from 'node:child_process'
import { inspectScript } from './inspectScript'

/** How a name of the module is bound, as far as can be seen without running it. The last binding counts. */
export interface BoundName {
  line: number
  /** `function`: its parameters can be seen (a lambda is one, and a name that stands for one). */
  kind: 'function' | 'async' | 'assigned' | 'imported' | 'class'
  /** Of `function` and `async`: parameters taken by position, and how many of them must be given. */
  most: number | null
  least: number
  /** Keyword-only parameters without a default: no caller by position can give them. */
  keywordOnly: string[]
  decorated: boolean
  /** How often the module binds it outside of branches that exclude each other. */
  times: number
}

export type ModuleFacts =
  | { kind: 'module'; names: Record<string, BoundName>; star: boolean }
  | { kind: 'syntax'; line: number | null; text: string | null; message: string }
  /** The parser itself gave up: nested too deep, too much memory, too long, or it crashed. */
  | { kind: 'gaveUp'; reason: string }

export interface ReadFunctionsOptions {
  python: string
  signal?: AbortSignal
  timeoutMs?: number
}

const maxAnswerBytes = 4 * 1024 * 1024

/**
 * What the module's source binds on its top level, found by Python's own parser. Nothing of the source is run: it goes to
 * `ast.parse` in a process without site packages or environment, limited in time and memory, which a hostile source may crash.
 */
export function readFunctions(source: Buffer, options: ReadFunctionsOptions): Promise<ModuleFacts> {
  const { python, signal, timeoutMs = 10_000 } = options
  return new Promise((resolve, reject) => {
    // cwd: so that nothing lying beside a package can be imported, whatever -I may let through.
    const child = spawn(python, ['-I', '-S', '-B', '-X', 'utf8', '-c', inspectScript], {
      env: {},
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
      ...(signal && { signal }),
    })
    const parts: Buffer[] = []
    let bytes = 0
    child.stdout.on('data', (part: Buffer) => {
      bytes += part.length
      if (bytes > maxAnswerBytes) child.kill('SIGKILL')
      else parts.push(part)
    })
    child.stdin.on('error', () => undefined) // it died before reading everything; its exit says so
    child.stdin.end(source)
    child.once('error', (error) => reject(signal?.aborted ? (signal.reason as Error) : error))
    child.once('close', (code, killed) => {
      if (signal?.aborted) return reject(signal.reason as Error)
      if (code === 0) return resolve(JSON.parse(Buffer.concat(parts).toString('utf8')) as ModuleFacts)
      resolve({ kind: 'gaveUp', reason: killed ? `it ended by ${killed}` : `it ended with code ${code}` })
    })
  })
}
