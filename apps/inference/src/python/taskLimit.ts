import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { sleep } from '@lakelens/kernel'

/** A limit that the kernel itself keeps on how many processes and threads a program may have together. */
export interface TaskLimit {
  /** Puts processes under the limit; what they start is under it too. */
  add(pids: readonly number[]): void
  /** Once they are gone. */
  remove(): Promise<void>
}

/** Processes and threads together. Libraries start a pool of a thread a core each; the processes the watchdog counts are fewer. */
export const maxTasks = Math.max(512, 8 * availableParallelism())

const prefix = 'lakelens-'
let made = 0

/**
 * The folder of control groups in which this process may make one that limits tasks (version 2, or version 1's `pids`), found
 * by making one. Null where there is none: version 2 wants a delegation that few machines give to an ordinary user, and
 * containers see their groups read-only. A service run by root needs it most, for the kernel never holds root to RLIMIT_NPROC.
 */
export function findTaskGroups(): string | null {
  const folder = [...candidates()].find((candidate) => {
    try {
      const group = join(candidate, `${prefix}${process.pid}-probe`)
      mkdirSync(group)
      try {
        writeFileSync(join(group, 'pids.max'), String(maxTasks))
        return true
      } finally {
        rmdirSync(group)
      }
    } catch {
      return false
    }
  })
  if (folder === undefined) return null
  // Of services that were killed; one whose processes still run refuses to go.
  for (const name of readdirSync(folder).filter((entry) => entry.startsWith(prefix))) tryRemove(join(folder, name))
  return folder
}

function* candidates(): Generator<string> {
  if (!existsSync('/proc/self/cgroup')) return
  for (const line of readFileSync('/proc/self/cgroup', 'utf8').trim().split('\n')) {
    const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? []
    if (controllers.split(',').includes('pids')) yield join('/sys/fs/cgroup/pids', path)
    else if (controllers === '') yield join('/sys/fs/cgroup', path)
  }
}

export function createTaskLimit(folder: string): TaskLimit {
  const group = join(folder, `${prefix}${process.pid}-${made++}`)
  mkdirSync(group)
  writeFileSync(join(group, 'pids.max'), String(maxTasks))
  return {
    add(pids) {
      for (const pid of pids) writeFileSync(join(group, 'cgroup.procs'), String(pid))
    },
    async remove() {
      // The kernel takes a moment to forget the last of a group.
      for (let attempt = 0; attempt < 10 && !tryRemove(group); attempt++) await sleep(20 * 2 ** attempt)
    },
  }
}

function tryRemove(group: string): boolean {
  try {
    rmdirSync(group)
    return true
  } catch {
    return !existsSync(group)
  }
}
