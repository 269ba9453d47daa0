import { deleteExpiredUploads, deleteLockedBlobs, expireJobOutputs, lockUnusedBlobs } from '@lakelens/db'
import type { Lake } from '../lake'

const graceSeconds = 24 * 60 * 60
/** The embedded database does nothing else during a transaction: a hundred files are unlinked in some ten milliseconds. */
const blobBatch = 100
const uploadBatch = 500

/**
 * Removes uploads and files of jobs whose time is over, then blobs that nothing has referred to for a day, batch by batch. Any number of replicas
 * may sweep at once, and a sweep may end anywhere. How it keeps out of the way of those who store is argued at `storeBlob`.
 */
export async function sweepUploads(lake: Lake, signal?: AbortSignal): Promise<{ uploads: number; blobs: number }> {
  lake.viewer.require('admin')
  const removed = { uploads: 0, blobs: 0 }
  for (let count = uploadBatch; count === uploadBatch;) {
    signal?.throwIfAborted()
    count = await deleteExpiredUploads(lake.db, uploadBatch)
    removed.uploads += count
  }
  for (let count = uploadBatch; count === uploadBatch;) {
    signal?.throwIfAborted()
    count = await expireJobOutputs(lake.db, uploadBatch)
  }
  for (let after: string | undefined = ''; after !== undefined;) {
    signal?.throwIfAborted()
    const swept = await sweepBlobs(lake, after)
    removed.blobs += swept.count
    after = swept.last
  }
  return removed
}

/**
 * Rows go before files: a reference that was overlooked stops the deletion while every byte is still there. Files go before the
 * commit, for the lock on the row is what makes those wait who store the same content meanwhile.
 */
function sweepBlobs(lake: Lake, after: string): Promise<{ count: number; last: string | undefined }> {
  return lake.db.transaction(async (tx) => {
    const locked = await lockUnusedBlobs(tx, { after, graceSeconds, limit: blobBatch })
    const unused = await deleteLockedBlobs(tx, locked)
    for (const digest of unused) await lake.blobs.delete(digest)
    return { count: unused.length, last: locked.length === blobBatch ? locked.at(-1) : undefined }
  })
}
