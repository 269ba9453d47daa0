import { lockCollection, setCollectionMetadata } from '@lakelens/db'
import { errors } from '../errors'
import { isId } from '../ids'
import { describe, uniteTags } from '../items/metadata'
import { readEdit, type MetadataEdit } from '../items/updateItemMetadata'
import type { Lake } from '../lake'
import type { Collection } from './collections'

/** Edits what a collection gives to the items added to it from now on. Those it holds stay as they are. */
export async function updateCollection(
  lake: Lake,
  input: MetadataEdit & { collectionId: string },
): Promise<Collection> {
  lake.viewer.require('run')
  const { set, removeFields, replaceTags, addTags, removeTags } = readEdit(input)
  const missing = () => errors.COLLECTION_NOT_FOUND({}, { path: ['collectionId'] })
  if (!isId(input.collectionId)) throw missing()
  return lake.db.transaction(async (tx) => {
    const collection = await lockCollection(tx, input.collectionId)
    if (!collection) throw missing()
    if (collection.deleting) throw errors.COLLECTION_DELETING({ name: collection.name }, { path: ['collectionId'] })
    const metadata = Object.fromEntries(
      Object.entries({ ...collection.metadata, ...set }).filter(([field]) => !removeFields.includes(field)),
    )
    const removed = new Set(removeTags.map((tag) => tag.toLowerCase()))
    const kept = (replaceTags ?? collection.tags).filter((tag) => !removed.has(tag.toLowerCase()))
    // Checked as a whole: what is added fits, and so must what it makes.
    const tags = uniteTags([...kept, ...addTags], ['addTags'])
    const updated = await setCollectionMetadata(tx, collection.id, { ...describe({ metadata }), tags })
    if (!updated) throw missing()
    return updated
  })
}
