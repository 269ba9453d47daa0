import { holdCollection, type CollectionRow, type Db } from '@lakelens/db'
import { errors } from '../errors'

/**
 * Holds a collection until the transaction ends, so that what is begun on it is there when its deletion looks. Throws
 * COLLECTION_NOT_FOUND and COLLECTION_DELETING with this path: since it was looked up its deletion may have begun, or ended.
 */
export async function holdOpen(tx: Db, id: string, path: readonly string[]): Promise<CollectionRow> {
  const collection = await holdCollection(tx, id)
  if (!collection) throw errors.COLLECTION_NOT_FOUND({}, { path })
  if (collection.deleting) throw errors.COLLECTION_DELETING({ name: collection.name }, { path })
  return collection
}
