import { sleep } from '@lakelens/kernel'
import type { TaskContext } from './task'

interface Stage {
  stage: string
  fraction: number | null
}

export interface StageReporter {
  report: TaskContext['report']
  /** Nothing is written any more once this has resolved. */
  stop(): Promise<void>
}

/** A write a chunk of a gigabyte's stream would be tens of thousands: people read four a second at most. */
const everyMs = 250

/** Writes what a job is at, one write at a time and at most one in `everyMs`, always the newest that was said. */
export function createStageReporter(write: (at: Stage) => Promise<void>): StageReporter {
  const stopping = new AbortController()
  let latest: Stage | undefined
  let writing: Promise<void> | undefined

  const drain = async (): Promise<void> => {
    while (latest !== undefined && !stopping.signal.aborted) {
      const at = latest
      latest = undefined
      await write(at)
      await sleep(everyMs, stopping.signal).catch(() => undefined)
    }
    writing = undefined
  }
  return {
    report(stage, fraction) {
      latest = { stage, fraction: fraction === null ? null : Math.min(1, Math.max(0, fraction)) }
      writing ??= drain()
    },
    async stop() {
      stopping.abort(new Error('the work is done'))
      await writing
    },
  }
}
