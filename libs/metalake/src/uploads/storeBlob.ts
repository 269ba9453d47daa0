import type { Readable } from 'node:stream'
import { touchBlob } from '@lakelens/db'
import type { PutOptions, StoredBlob } from '@lakelens/media'
import type { Lake } from '../lake'

/**
 * Stores bytes so that a row may refer to them: the one way content enters the lake. The sweep (`sweepUploads`) deletes a blob's
 * row and unlinks its file in one transaction, and must never take a file from under somebody who believes it stored. So:
 *
 * 1. The row is entered, or touched, before the file appears under its digest, in a transaction of its own.
 * 2. If the sweep holds that row, (1) waits until the sweep has committed, that is, until the old file is unlinked; then it enters
 *    a new row, and only then the file is renamed into place. The other way round, the sweep could unlink the new file.
 * 3. If (1) comes first, the sweep sees a row younger than its grace time, also when it had begun before: locking a row reads its
 *    newest version and judges it again.
 * 4. The store writes also what is there already. A row without a file (a crash between (1) and the rename, or between the
 *    sweep's unlinking and its commit) is referred to by nobody, and the next put of the same bytes makes it whole.
 *
 * Between (1) and the reference lies the grace time of a day. The caller refers to the digest within it.
 */
export function storeBlob(
  lake: Pick<Lake, 'db' | 'blobs'>,
  source: Readable | Uint8Array,
  options: Omit<PutOptions, 'beforeCommit'>,
): Promise<StoredBlob> {
  return lake.blobs.put(source, { ...options, beforeCommit: (blob) => touchBlob(lake.db, blob) })
}
