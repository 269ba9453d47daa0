import type { ContentType } from './collections'
import type { ItemPredicate } from './itemPredicate'

/** Which items are meant; all that is not null must hold, and all null is the whole lake. */
export interface ItemSelection {
  collectionId: string | null
  itemIds: readonly string[] | null
  contentType: ContentType | null
  /** What `query` and `filter` say, as one condition. */
  predicate: ItemPredicate | null
}

/**
 * `id` is the order of creation, and the one that indexes on labels have; `createdAt` the same by time, for lists of a range of time.
 * (By ids the newest of an old range are found only after all that is newer was read.)
 */
export type ItemOrderKey = 'id' | 'createdAt' | 'updatedAt' | 'name' | 'byteSize'
