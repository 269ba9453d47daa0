import { onWork } from '@lakelens/jobs'
import { sleep } from '@lakelens/kernel'
import { getJob, hasEnded, type Job } from '../jobs/jobs'
import type { Lake } from '../lake'

/** Nothing longer is on the HTTP path: what isn't done by then is followed by its job. */
const patienceMs = 5_000
const pollMs = 250

/** The job as it is when it ends, or after `patienceMs`. An end in this process is seen at once, one in another by polling. */
export async function awaitEnd(lake: Lake, job: Job, signal?: AbortSignal): Promise<Job> {
  let latest = job
  let woken = new AbortController()
  const stopListening = onWork(lake.db, () => woken.abort())
  try {
    for (const end = performance.now() + patienceMs; !hasEnded(latest.status);) {
      const left = end - performance.now()
      if (left <= 0 || signal?.aborted) break
      await sleep(Math.min(pollMs, left), signal ? AbortSignal.any([signal, woken.signal]) : woken.signal).catch(
        () => undefined,
      )
      if (woken.signal.aborted) woken = new AbortController()
      latest = (await getJob(lake, job.id)) ?? latest
    }
    return latest
  } finally {
    stopListening()
  }
}
