import { scratchFiles, sharedFairly, treeUse } from './processTree'
import { maxTasks } from './taskLimit'

export interface Allowance {
  memoryMiB: number
  processes: number
}

const MiB = 1024 * 1024
// A process takes 1 to 2 GiB a second when it fills memory as fast as it can: it is over its limit by some 200 MiB then.
const everyMs = process.platform === 'linux' ? 100 : 1000
// bubblewrap, its first process inside, and the interpreter.
const ownProcesses = 3
// What a socket or a pipe holds is memory of no process, some 200 KiB each; one process may have 1024.
const maxOpenFiles = 2048
const maxScratchFiles = 100_000

/**
 * Looks at what a process and its descendants take and calls `onExceeded` once, with what is to be said about it. Instead of
 * a control group: those need a delegation that few machines give. Returns the function that ends it.
 */
export function watchTree(pid: number, allowance: Allowance, onExceeded: (reason: string) => void): () => void {
  let looking = false
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    excess(pid, allowance)
      .then((reason) => {
        if (reason === null) return
        clearInterval(timer)
        onExceeded(reason)
      })
      // `ps` failed once; the next look may succeed.
      .catch(() => undefined)
      .finally(() => (looking = false))
  }, everyMs)
  timer.unref()
  return () => clearInterval(timer)
}

async function excess(pid: number, { memoryMiB, processes }: Allowance): Promise<string | null> {
  const use = await treeUse(pid, processes + ownProcesses)
  if (use.processes > processes + ownProcesses)
    return `it started ${use.processes - ownProcesses} processes; ${processes} are allowed`
  if (use.threads > maxTasks + ownProcesses)
    // Where the kernel doesn't hold it to that.
    return `it has ${use.threads} threads; ${maxTasks} are allowed`
  if (use.openFiles > maxOpenFiles)
    return `it has ${use.openFiles} open files, sockets and pipes; ${maxOpenFiles} are allowed`
  // The last is of its own making, or the interpreter.
  const files = scratchFiles(use.pids.at(-1) ?? pid)
  if (files > maxScratchFiles) return `it made ${files} files in /tmp and /dev/shm; ${maxScratchFiles} are allowed`
  if (use.bytes <= memoryMiB * MiB) return null
  const bytes = use.processes > ownProcesses ? (sharedFairly(use.pids) ?? use.bytes) : use.bytes
  if (bytes <= memoryMiB * MiB) return null
  return `it ran out of memory: it took ${Math.round(bytes / MiB)} MiB of the ${memoryMiB} MiB allowed (python.memoryMiB)`
}
