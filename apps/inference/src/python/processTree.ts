import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readdirSync, readlinkSync, statfsSync } from 'node:fs'
import { promisify } from 'node:util'

/** What a process and all that descend from it take. */
export interface TreeUse {
  processes: number
  /** Of all of them; 0 where nobody tells. */
  threads: number
  /** Open files, sockets and pipes of all of them; 0 where nobody tells. */
  openFiles: number
  /** Resident. Pages shared by several are counted in each; see `sharedFairly`. */
  bytes: number
  pids: number[]
}

const pageSize = 4096
const run = promisify(execFile)

/**
 * Reads it from /proc where the kernel lists children (0.1 ms a process, so ten times a second is nothing), else from `ps`.
 * Of more than `atMost` processes it says no more than that there are more: whoever looks at a fork bomb must not take its time.
 * A process that has left its parent is still found in a sandbox, whose first process inherits orphans; outside it is not.
 */
export const treeUse: (root: number, atMost?: number) => Promise<TreeUse> = existsSync('/proc/self/task')
  ? (root, atMost = Infinity) => Promise.resolve(fromProc(root, atMost))
  : fromPs

function fromProc(root: number, atMost: number): TreeUse {
  const pids = [root]
  let bytes = 0
  let threads = 0
  let openFiles = 0
  // Grows while it is walked.
  for (const pid of pids) {
    const own = entriesOf(`/proc/${pid}/task`)
    threads += own.length
    openFiles += entriesOf(`/proc/${pid}/fd`).length
    // Whoever has so many is over any limit: looking at each would only take our own time.
    if (threads > 8192) break
    pids.push(...childrenOf(pid, own))
    if (pids.length > atMost) break
    // The second field: resident pages.
    bytes += Number(readOr(`/proc/${pid}/statm`).split(' ')[1] ?? 0) * kernelPageSize()
  }
  return { processes: pids.length, threads, openFiles, bytes, pids }
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // Gone between two reads: it has none any more.
    return []
  }
}

/** Its direct ones; none where the kernel doesn't list them. */
export const childrenOf = (pid: number, threads = entriesOf(`/proc/${pid}/task`)): number[] =>
  threads.flatMap((thread) => readOr(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number))

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

/**
 * How many files there are in the /tmp and /dev/shm of a process that has its own, where they are memory: one without content
 * takes a kilobyte of the kernel's, and counts nothing for their size.
 */
export function scratchFiles(pid: number): number {
  try {
    if (readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt')) return 0
    return ['tmp', 'dev/shm'].reduce((sum, folder) => {
      const { type, files, ffree } = statfsSync(`/proc/${pid}/root/${folder}`)
      return type === tmpfs ? sum + files - ffree : sum
    }, 0)
  } catch {
    // Gone, or still being made.
    return 0
  }
}

const tmpfs = 0x01021994

async function fromPs(root: number): Promise<TreeUse> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,rss='], { maxBuffer: 16 * 1024 * 1024 })
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number])
  const pids = [root]
  for (const pid of pids) pids.push(...rows.filter(([, parent]) => parent === pid).map(([child]) => child))
  const bytes = rows.filter(([pid]) => pids.includes(pid)).reduce((sum, [, , kib]) => sum + kib * 1024, 0)
  return { processes: pids.length, threads: 0, openFiles: 0, bytes, pids }
}
