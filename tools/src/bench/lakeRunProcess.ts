// One run over a whole lake, in a process of its own: started by `runOverLake`, answers over the channel to its parent.
import { sleep } from '@lakelens/kernel'
import { getJob, startAutoTag, startWorker, type Job, type Lake } from '@lakelens/metalake'
import type { LakeRun, LakeRunRequest } from './lakeRun'
import { openBenchDatabase, standInLake } from './standInLake'

/** Twice: what the first collection frees in the young generation the second gives back. */
async function residentMiB(): Promise<number> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.()
    await sleep(20)
  }
  return process.memoryUsage.rss() / 2 ** 20
}

async function stateOf(lake: Lake, id: string): Promise<Job> {
  const job = await getJob(lake, id)
  if (!job) throw new Error(`The job ${id} is gone.`)
  return job
}

async function measure(lake: Lake, lookEvery: number): Promise<LakeRun> {
  const began = performance.now()
  const { id } = await startAutoTag(lake, { scope: { metalake: { contentType: 'IMAGE' } }, onExisting: 'REPLACE' })
  const mutationMs = performance.now() - began
  let job = await stateOf(lake, id)
  for (; job.counts.processed === 0; job = await stateOf(lake, id)) await sleep(10)
  const firstPageMs = performance.now() - began
  const memory: LakeRun['memory'] = []
  while (job.status === 'QUEUED' || job.status === 'IN_PROGRESS') {
    if (job.counts.processed >= (memory.at(-1)?.at ?? 0) + lookEvery) {
      const look = { at: job.counts.processed, mib: await residentMiB() }
      memory.push(look)
      process.send?.({ look })
    }
    await sleep(250)
    job = await stateOf(lake, id)
  }
  const seconds = (performance.now() - began) / 1000
  if (job.status !== 'COMPLETED') throw new Error(`The job ended as ${job.status}: ${JSON.stringify(job.error)}`)
  memory.push({ at: job.counts.processed, mib: await residentMiB() })
  return { items: job.counts.processed, seconds, mutationMs, firstPageMs, memory }
}

async function main(): Promise<void> {
  const { databaseUrl, mediaDir, lookEvery } = JSON.parse(process.argv[2] ?? '{}') as LakeRunRequest
  const db = await openBenchDatabase(databaseUrl, mediaDir)
  const lake = standInLake(db, mediaDir)
  const worker = startWorker(lake)
  try {
    const result = await measure(lake, lookEvery)
    process.send?.({ result })
  } finally {
    await worker.close()
    await db.close()
    process.disconnect?.()
  }
}

void main()
