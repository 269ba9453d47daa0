import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { promisify } from 'node:util'

/** What a process and all that descend from it take. */
export interface TreeUse {
  processes: number
  /** Resident. Pages shared by several are counted in each; see `sharedFairly`. */
  bytes: number
  pids: number[]
}

const pageSize = 4096
const run = promisify(execFile)

/**
 * Reads it from /proc where the kernel lists children (0.1 ms a process, so ten times a second is nothing), else from `ps`.
 * A process that has left its parent is still found in a sandbox, whose first process inherits orphans; outside it is not.
 */
export const treeUse: (root: number) => Promise<TreeUse> = existsSync('/proc/self/task')
  ? (root) => Promise.resolve(fromProc(root))
  : fromPs

function fromProc(root: number): TreeUse {
  const pids = [root]
  let bytes = 0
  // Grows while it is walked.
  for (const pid of pids) {
    pids.push(...childrenOf(pid))
    // The second field: resident pages.
    bytes += Number(readOr(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * kernelPageSize()
    if (pids.length > 4096) break
  }
  return { processes: pids.length, bytes, pids }
}

function childrenOf(pid: number): number[] {
  let threads: string[]
  try {
    threads = readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
  return threads.flatMap((thread) =>
    readOr(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
}

// Gone between two reads: it takes nothing any more.
function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

let knownPageSize: number | undefined

/** 4 KiB on most machines, 16 or 64 on some of ARM: the auxiliary vector says (AT_PAGESZ, 6). */
function kernelPageSize(): number {
  if (knownPageSize !== undefined) return knownPageSize
  try {
    const vector = readFileSync('/proc/self/auxv')
    for (let at = 0; at + 16 <= vector.length; at += 16)
      if (vector.readBigUInt64LE(at) === 6n) return (knownPageSize = Number(vector.readBigUInt64LE(at + 8)))
  } catch {
    // Not readable, or not 64 bits.
  }
  return (knownPageSize = pageSize)
}

/**
 * The same memory with what processes share divided among them: after a fork nearly all is shared. Slower (the kernel walks
 * every page), so it is asked only when the plain sum is too large. Null where the kernel doesn't tell.
 */
export function sharedFairly(pids: readonly number[]): number | null {
  let bytes = 0
  for (const pid of pids) {
    const kib = /^Pss:\s+(\d+) kB/m.exec(readOr(`/proc/${pid}/smaps_rollup`))?.[1]
    if (kib === undefined) {
      if (existsSync(`/proc/${pid}`)) return null
      continue
    }
    bytes += Number(kib) * 1024
  }
  return bytes
}

async function fromPs(root: number): Promise<TreeUse> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,rss='], { maxBuffer: 16 * 1024 * 1024 })
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number])
  const pids = [root]
  for (const pid of pids) pids.push(...rows.filter(([, parent]) => parent === pid).map(([child]) => child))
  const bytes = rows.filter(([pid]) => pids.includes(pid)).reduce((sum, [, , kib]) => sum + kib * 1024, 0)
  return { processes: pids.length, bytes, pids }
}
