import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { sleep } from '@lakelens/kernel'

export interface LockHolder {
  pid: number
  /** When the process started, as the system tells it: a pid alone may belong to another process by now. */
  processStart: string
  /** For people. */
  startedAt: string
  nonce: string
}

export interface FolderLock {
  release(): void
}

/** Someone alive holds the lock. */
export class LockHeldError extends Error {
  override readonly name = 'LockHeldError'
  constructor(readonly holder: LockHolder) {
    super(`held by process ${holder.pid}`)
  }
}

/** When process `pid` started, or undefined when there is none. */
export function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      // Field 22, in clock ticks since boot; the second field may hold blanks and brackets, so count from its last bracket.
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      // A zombie has given everything back and only waits for its parent to look.
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : `ticks ${fields[19]}`
    } catch {
      return undefined
    }
  }
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined
  }
  if (process.platform === 'win32') return 'alive'
  try {
    return (
      execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C' } }).trim() ||
      undefined
    )
  } catch {
    return undefined
  }
}

const isAlive = (holder: LockHolder): boolean => processStart(holder.pid) === holder.processStart

function readHolder(path: string): LockHolder | 'none' | 'unreadable' {
  try {
    const holder = JSON.parse(readFileSync(path, 'utf8')) as Partial<LockHolder> | null
    return Number.isInteger(holder?.pid) && typeof holder?.nonce === 'string' ? (holder as LockHolder) : 'unreadable'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'unreadable'
  }
}

const sameHolder = (a: LockHolder | string, b: LockHolder | string): boolean =>
  typeof a === 'object' && typeof b === 'object' ? a.nonce === b.nonce : a === b

/**
 * Takes the lock file `path`, or throws `LockHeldError`. A lock whose process is gone is taken over.
 *
 * The file appears whole (written aside, then linked), so a reader never sees half of it. A take-over replaces it by a rename
 * under a second lock, taken the same way, after looking again: two starters that both saw the stale lock can't both win,
 * which "delete, then create" would allow.
 */
export async function acquireLock(path: string, depth = 0): Promise<FolderLock> {
  const nonce = randomUUID()
  const own: LockHolder = {
    pid: process.pid,
    processStart: processStart(process.pid) ?? 'alive',
    startedAt: new Date(Date.now() - Math.round(process.uptime() * 1000)).toISOString(),
    nonce,
  }
  const aside = `${path}.${nonce}`
  writeFileSync(aside, JSON.stringify(own), { mode: 0o600 })
  try {
    for (let attempt = 0; ; attempt++) {
      if (tryLink(aside, path)) return lockOf(path, nonce)
      const holder = readHolder(path)
      if (holder === 'none') continue
      if (holder !== 'unreadable' && isAlive(holder)) throw new LockHeldError(holder)
      if (depth >= 3)
        throw new Error(`${path} is left over from several interrupted starts; delete it and the files named like it`)
      if (await takeOver(path, aside, holder, depth)) return lockOf(path, nonce)
      if (attempt >= 200) throw new Error(`${path} could not be taken over`)
      await sleep(25)
    }
  } finally {
    rmSync(aside, { force: true })
  }
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** False when someone else is at it, or was faster. */
async function takeOver(
  path: string,
  aside: string,
  stale: LockHolder | 'unreadable',
  depth: number,
): Promise<boolean> {
  let guard: FolderLock
  try {
    guard = await acquireLock(`${path}.takeover`, depth + 1)
  } catch (error) {
    if (error instanceof LockHeldError) return false
    throw error
  }
  try {
    if (!existsSync(path) || !sameHolder(readHolder(path), stale)) return false
    renameSync(aside, path)
    return true
  } finally {
    guard.release()
  }
}

function lockOf(path: string, nonce: string): FolderLock {
  return {
    release() {
      const holder = readHolder(path)
      if (typeof holder === 'object' && holder.nonce === nonce) rmSync(path, { force: true })
    },
  }
}
