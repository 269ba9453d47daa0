import { doneItems, lockItems, markDone, type Db, type ItemRow, type JobRow } from '@lakelens/db'
import type { PictureError } from '@lakelens/inference-client'
import type { ItemFailure, Settle, TaskContext } from '@lakelens/jobs'
import type { Lake } from '../lake'
import { batchesOf, pageItems, readPictures } from './pictures'
import { payloadOf, preparedKey } from './plan'

type Result = { id: string; error: PictureError } | { id: string }

export interface AnalysisStep<R extends Result> {
  /** Asks the backend about one batch; one result a picture, in order. */
  infer(pictures: Parameters<Lake['backend']['detect']>[1], signal: AbortSignal): Promise<R[]>
  /** Writes the answers of items that nobody else has written meanwhile, and ends what they replace; the items are locked. */
  write(tx: Db, results: Exclude<R, { error: PictureError }>[]): Promise<void>
}

/**
 * Runs one page: reads pictures, asks the backend batch by batch, and returns how to write what came back. Writing locks
 * the items, leaves those alone that another job finished under the same key meanwhile, and marks them done, all in the
 * transaction that takes the page out.
 */
export async function runPage<R extends Result>(
  lake: Lake,
  job: JobRow,
  itemIds: readonly string[],
  { signal }: TaskContext,
  step: AnalysisStep<R>,
): Promise<Settle> {
  const items = await pageItems(lake, itemIds)
  const failures: ItemFailure[] = []
  const answered: Exclude<R, { error: PictureError }>[] = []
  for (const batch of batchesOf(items)) {
    signal.throwIfAborted()
    const read = await readPictures(lake, batch)
    failures.push(...read.failures)
    if (read.pictures.length === 0) continue
    for (const result of await step.infer(read.pictures, signal)) {
      if ('error' in result)
        failures.push({ itemId: result.id, code: result.error.code, message: result.error.message })
      else answered.push(result as Exclude<R, { error: PictureError }>)
    }
  }
  return (tx) => settlePage(tx, job, items, answered, failures, step)
}

async function settlePage<R extends Result>(
  tx: Db,
  job: JobRow,
  items: readonly ItemRow[],
  answered: Exclude<R, { error: PictureError }>[],
  failures: ItemFailure[],
  step: AnalysisStep<R>,
) {
  const key = preparedKey(job)
  const ids = answered.map((result) => result.id)
  const present = new Set(await lockItems(tx, ids))
  const alreadyDone = payloadOf(job).onExisting === 'REPLACE' ? new Set<string>() : await doneItems(tx, ids, key)
  const results = answered.filter((result) => present.has(result.id) && !alreadyDone.has(result.id))
  const written = results.map((result) => result.id)
  if (written.length > 0) {
    await step.write(tx, results)
    await markDone(tx, written, key, job.id)
  }
  return {
    succeeded: written.length,
    skipped: alreadyDone.size,
    failures,
    lastUniqueName: items.at(-1)?.uniqueName ?? null,
  }
}
