import { jobSequences, jobsByIds, type Db } from '@lakelens/db'
import type { Lake } from '../lake'
import { hasEnded, toJob, type Job } from './jobs'

export interface JobProgress {
  /** Grows with every event: a client can drop what it has seen. The same number from every replica. */
  seq: number
  job: Job
  at: Date
}

/** At most four events a second, and at most four looks at the database a second however many people watch. */
const pollMs = 250

/**
 * The present state first, then every change seen, then the terminal state, and the end. It reads what is stored, so it
 * serves any job from any replica; a late or reconnected watcher misses nothing it needs. Ends early when `signal` aborts
 * or the job is gone.
 */
export async function* watchJob(lake: Lake, id: string, signal: AbortSignal): AsyncGenerator<JobProgress> {
  lake.viewer.require('read')
  let last = 0
  while (!signal.aborted) {
    const seq = await feedOf(lake.db).seqBeyond(id, last, signal)
    if (seq === null) return
    const [row] = await jobsByIds(lake.db, [id])
    if (!row) return
    last = row.seq
    yield { seq: row.seq, job: toJob(row), at: new Date() }
    if (hasEnded(row.status)) return
  }
}

interface Watcher {
  id: string
  after: number
  tell(seq: number | null): void
}

/** One poll for all watchers of a database. It runs only while somebody watches. */
class JobFeed {
  private readonly watchers = new Set<Watcher>()
  private timer: NodeJS.Timeout | undefined

  constructor(private readonly db: Db) {}

  /** Resolves once the job's seq is beyond `after`; with null when the job doesn't exist or the signal aborts. */
  seqBeyond(id: string, after: number, signal: AbortSignal): Promise<number | null> {
    return new Promise((resolve) => {
      const watcher: Watcher = {
        id,
        after,
        tell: (seq) => {
          signal.removeEventListener('abort', onAbort)
          this.watchers.delete(watcher)
          resolve(seq)
        },
      }
      const onAbort = (): void => watcher.tell(null)
      if (signal.aborted) return resolve(null)
      signal.addEventListener('abort', onAbort, { once: true })
      this.watchers.add(watcher)
      // The first look is at once: whoever subscribes sees the present state without waiting.
      this.timer ??= setTimeout(() => void this.poll(), after === 0 ? 0 : pollMs)
    })
  }

  private async poll(): Promise<void> {
    const asked = [...this.watchers]
    try {
      const found = new Map(
        (await jobSequences(this.db, [...new Set(asked.map((watcher) => watcher.id))])).map((row) => [row.id, row.seq]),
      )
      for (const watcher of asked) {
        const seq = found.get(watcher.id)
        if (seq === undefined) watcher.tell(null)
        else if (seq > watcher.after) watcher.tell(seq)
      }
    } catch {
      // The database is away for a moment: whoever watches goes on waiting.
    }
    this.timer = this.watchers.size > 0 ? setTimeout(() => void this.poll(), pollMs) : undefined
  }
}

const feeds = new WeakMap<Db, JobFeed>()

function feedOf(db: Db): JobFeed {
  let feed = feeds.get(db)
  if (!feed) feeds.set(db, (feed = new JobFeed(db)))
  return feed
}
