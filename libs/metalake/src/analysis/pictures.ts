import { itemsByIds, type ItemRow } from '@lakelens/db'
import type { Picture } from '@lakelens/inference-client'
import type { ItemFailure } from '@lakelens/jobs'
import { isLakeError } from '@lakelens/kernel'
import { errors } from '../errors'
import type { Lake } from '../lake'

/** Bytes of pictures sent in one call: what a page may hold in memory, but for a single picture that is larger. */
const maxBatchBytes = 16 * 2 ** 20

/** Cuts items into batches of at most `maxBatchBytes`, each of at least one. */
export function batchesOf(items: readonly ItemRow[], maxBytes = maxBatchBytes): ItemRow[][] {
  const batches: ItemRow[][] = []
  let bytes = Infinity
  for (const item of items) {
    if (bytes + item.byteSize > maxBytes) {
      batches.push([])
      bytes = 0
    }
    batches.at(-1)?.push(item)
    bytes += item.byteSize
  }
  return batches
}

/** Reads the stored files of a batch. One that has gone from the store fails alone. */
export async function readPictures(
  lake: Lake,
  items: readonly ItemRow[],
): Promise<{ pictures: Picture[]; failures: ItemFailure[] }> {
  const failures: ItemFailure[] = []
  const pictures: Picture[] = []
  const bytes = await Promise.all(
    items.map((item) =>
      lake.blobs.read(item.digest, item.byteSize).catch((error: unknown) => {
        if (!isLakeError(error) || error.code !== 'BLOB_NOT_FOUND') throw error
        const { code, message } = errors.MEDIA_MISSING()
        failures.push({ itemId: item.id, code, message })
        return null
      }),
    ),
  )
  items.forEach((item, index) => {
    const data = bytes[index]
    if (data) pictures.push({ id: item.id, data })
  })
  return { pictures, failures }
}

/** The items of a page, in order; those deleted since it was planned are simply no longer there. */
export async function pageItems(lake: Lake, itemIds: readonly string[]): Promise<ItemRow[]> {
  const found = new Map((await itemsByIds(lake.db, itemIds)).map((item) => [item.id, item]))
  return itemIds.flatMap((id) => found.get(id) ?? [])
}
