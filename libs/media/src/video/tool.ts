import { spawn, type ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import { errors } from '../errors'

export interface ToolOptions {
  signal?: AbortSignal | undefined
  /** Lines of its log, as they come. */
  onLine?(line: string): void
  /** Its log has come to its end. */
  onLogEnd?(): void
}

/** A tool that didn't end well: `lines` are the last of its log. */
export class ToolFailed extends Error {
  constructor(
    readonly lines: readonly string[],
    readonly outcome: 'FAILED' | 'KILLED' | 'STALLED',
  ) {
    super(lines.at(-1) ?? 'the tool failed')
  }
}

/** Address space in KiB: a decoder of 8K video, 10 bits a channel, takes 2 GiB; a bomb should not take the machine. */
const memoryKiB = 4 * 2 ** 20
/** Without a sign of life while somebody waits for it. Reading a frame takes milliseconds, a gigabyte without one some seconds. */
const stallMs = 60_000
const longestLine = 4096
const keptLines = 12

/**
 * Runs a tool and gives what it writes, piece by piece: while nobody asks, its pipe fills and it waits. It gets no environment, no
 * input and no core file, and only so much memory (where the system has that limit; macOS has not). Ending the loop, or the
 * signal, kills it; the loop ends after it is gone. Throws ToolFailed unless it ended well, and VIDEO_DECODER_UNAVAILABLE where it
 * couldn't be started, which says nothing of what it was to read.
 */
export async function* outputOf(
  tool: string,
  args: readonly string[],
  { signal, onLine, onLogEnd }: ToolOptions,
): AsyncGenerator<Buffer> {
  signal?.throwIfAborted()
  const child = start(tool, args)
  const ended = new Promise<End>((resolve) => {
    child.once('error', (error: NodeJS.ErrnoException) => resolve({ notStarted: error.code ?? error.message }))
    child.once('close', (code, by) => resolve({ code, by }))
  })
  // Without these it was not started at all: no file descriptors, no processes, no memory.
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw unavailable(await ended)
  endWithThisProcess(child)
  const kill = (): void => endGroup(child)
  const lines: string[] = []
  let waits = true
  let signOfLife = performance.now()
  let stalled = false
  const watchdog = setInterval(() => {
    if (!waits || performance.now() - signOfLife < stallMs) return
    stalled = true
    kill()
  }, 1_000)
  signal?.addEventListener('abort', kill, { once: true })
  readLog(stderr, onLogEnd, (line) => {
    signOfLife = performance.now()
    if (!line.startsWith('[showinfo') && line.trim() !== '') lines.push(line)
    if (lines.length > keptLines) lines.shift()
    onLine?.(line)
  })
  try {
    const pieces = stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>
    for (;;) {
      waits = true
      signOfLife = performance.now()
      const piece = await pieces.next()
      if (piece.done) break
      waits = false
      yield piece.value
    }
    const end = await ended
    signal?.throwIfAborted()
    // What a shell answers where there is no such program any more, or none that runs.
    if ('notStarted' in end || end.code === 126 || end.code === 127) throw unavailable(end, lines.at(-1))
    if (wasToldToEnd(end)) throw unavailable(end, 'it was told to end')
    if (stalled) throw new ToolFailed(lines, 'STALLED')
    if (end.code !== 0) throw new ToolFailed(lines, end.code === null ? 'KILLED' : 'FAILED')
  } finally {
    signal?.removeEventListener('abort', kill)
    clearInterval(watchdog)
    kill()
    stdout.destroy()
    await ended
  }
}

/**
 * Tools that run. A process that exits takes them along, however it comes to it (the end of a grace time, a second signal): one
 * that hangs would stay for good, for nothing it writes fails.
 */
const running = new Set<ChildProcess>()
const killAll = (): void => running.forEach(endGroup)

/** The tool, and what it started where it is a script around another. Until the last of them is gone the number is no other's. */
function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || !running.has(child)) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // They have ended by themselves.
  }
}

function endWithThisProcess(child: ChildProcess): void {
  if (running.size === 0) process.on('exit', killAll)
  running.add(child)
  child.once('close', () => {
    running.delete(child)
    if (running.size === 0) process.off('exit', killAll)
  })
}

type End = { notStarted: string } | { code: number | null; by: NodeJS.Signals | null }

/**
 * A system that shuts down asks every process to end (systemd does), before this one has told anybody to stop: that says nothing
 * of the file. FFmpeg then ends in good order, with 255, which it never uses for a fault of its input.
 */
const wasToldToEnd = (end: End): boolean =>
  !('notStarted' in end) && (end.code === 255 || (end.by !== null && /^SIG(TERM|INT|HUP)$/.test(end.by)))

const unavailable = (end: End, line?: string) =>
  errors.VIDEO_DECODER_UNAVAILABLE({
    reason: 'notStarted' in end ? end.notStarted : (line ?? `it ended with ${end.code}`).slice(0, 200),
    retryable: true,
  })

function start(tool: string, args: readonly string[]): ChildProcess {
  const limits = `ulimit -c 0; ulimit -v ${memoryKiB} 2>/dev/null; exec "$@"`
  return spawn('/bin/sh', ['-c', limits, 'sh', tool, ...args], {
    cwd: '/',
    env: { LC_ALL: 'C', AV_LOG_FORCE_NOCOLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: what is typed at the terminal (Ctrl-C) is for this process, which ends its tools itself.
    detached: true,
  })
}

/** Lines, each cut at `longestLine`: a log without ends of line costs no memory. */
function readLog(log: Readable, onEnd: (() => void) | undefined, onLine: (line: string) => void): void {
  let rest = ''
  log.setEncoding('utf8')
  log.on('data', (text: string) => {
    const parts = (rest + text).split(/[\r\n]+/)
    rest = (parts.pop() ?? '').slice(0, longestLine)
    for (const line of parts) onLine(line.slice(0, longestLine))
  })
  log.on('error', () => undefined)
  log.once('close', () => {
    if (rest !== '') onLine(rest)
    onEnd?.()
  })
}

/** All it writes, at most `maxBytes`; more counts as failed. */
export async function wholeOutputOf(
  tool: string,
  args: readonly string[],
  options: ToolOptions & { maxBytes: number },
): Promise<Buffer> {
  const pieces: Buffer[] = []
  let size = 0
  for await (const piece of outputOf(tool, args, options)) {
    size += piece.byteLength
    if (size > options.maxBytes) throw new ToolFailed(['its answer is too long'], 'FAILED')
    pieces.push(piece)
  }
  return Buffer.concat(pieces)
}
