import { deleteEmptyCollection, deleteItems, estimateItems, planDeletion, type JobRow } from '@lakelens/db'
import type { JobTask } from '@lakelens/jobs'
import { selectionOf } from '../items/selection'
import type { Lake } from '../lake'
import { deletionPayload } from './startDeletion'

/** Items looked at in one planning step: a transaction of some ten milliseconds, however few of them match. */
const window = 4_096
/**
 * Pictures deleted in one transaction: with a dozen annotations each a tenth of a second, for which nobody else waits long. A
 * video has many times their annotations.
 */
const pageSize = 250
const weightOfVideo = 50

const payloadOf = (job: JobRow) => deletionPayload.parse(job.payload)

/**
 * Deletes items page by page. A page is its own transaction, with the mark that it was done: a worker that dies in between leaves
 * whole items behind and no half ones, and the next one goes on.
 */
export const deletionTask = (lake: Lake): JobTask => ({
  async prepare(job) {
    const total = await estimateItems(lake.db, selectionOf(payloadOf(job).selection))
    return { parameters: job.parameters, parametersDigest: null, modelId: null, modelVersionId: null, total }
  },

  async plan(tx, job, range) {
    const { found, last } = await planDeletion(tx, selectionOf(payloadOf(job).selection), { ...range, window })
    return { pages: cut(found), skipped: 0, next: last }
  },

  run: (_job, itemIds) =>
    Promise.resolve(async (tx) => {
      const names = await deleteItems(tx, itemIds)
      return {
        succeeded: names.length,
        skipped: itemIds.length - names.length,
        failures: [],
        lastUniqueName: names.at(-1) ?? null,
      }
    }),

  async onFinished(tx, job) {
    const { collectionId } = payloadOf(job)
    if (collectionId === null || (await deleteEmptyCollection(tx, collectionId))) return
    lake.log.warn({ jobId: job.id, collectionId }, 'the collection stays: some of its items could not be deleted')
  },
})

function cut(items: readonly { id: string; contentType: string }[]): string[][] {
  const pages: string[][] = []
  let room = 0
  for (const { id, contentType } of items) {
    if (room <= 0) {
      pages.push([])
      room = pageSize
    }
    pages.at(-1)?.push(id)
    room -= contentType === 'VIDEO' ? weightOfVideo : 1
  }
  return pages
}
