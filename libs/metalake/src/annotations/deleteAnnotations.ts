import { annotationsByIds, deriveAllTags, endResults, lockItems, retireAnnotations, touchItems } from '@lakelens/db'
import { errors as metalake } from '../errors'
import { isId } from '../ids'
import type { Lake } from '../lake'

export const maxAnnotations = 1_000

/** The ids that can be some, each once; throws ITEMS_TOO_MANY. */
export function checkIds(ids: readonly string[], ...path: string[]): string[] {
  if (ids.length > maxAnnotations)
    throw metalake.ITEMS_TOO_MANY({ limit: maxAnnotations, received: ids.length }, { path })
  return [...new Set(ids.filter(isId))]
}

/**
 * Takes annotations away, at most 1,000, and returns how many there were: those that are gone already count no more, so that a
 * client may ask again. Where a model's goes, its item is no longer done for that model version: a later run looks again. The same
 * where a person's goes that was made of a model's: what the model had said stays superseded, and a later run may say it again.
 */
export async function deleteAnnotations(lake: Lake, annotationIds: readonly string[]): Promise<number> {
  lake.viewer.require('run')
  const ids = checkIds(annotationIds, 'annotationIds')
  const itemIds = [...new Set((await annotationsByIds(lake.db, ids)).map((row) => row.itemId))]
  if (itemIds.length === 0) return 0
  return lake.db.transaction(async (tx) => {
    await lockItems(tx, itemIds)
    const gone = await retireAnnotations(tx, ids)
    const changed = [...new Set(gone.map((row) => row.itemId))]
    await endResults(tx, gone)
    await deriveAllTags(tx, changed)
    await touchItems(tx, changed)
    return gone.length
  })
}
