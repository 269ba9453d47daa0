import {
  collectionByName,
  collectionsByIds as collectionRows,
  countCollections,
  countItemsOfCollections,
  insertCollection,
  listCollections as collectionPage,
  type CollectionRow,
  type ContentType,
} from '@lakelens/db'
import { errors } from '../errors'
import { isId } from '../ids'
import { describe } from '../items/metadata'
import type { Lake } from '../lake'
import { readPage, type Page, type PageArgs } from '../page'

export type Collection = CollectionRow
export type { ContentType }

// Unique names are `<collection>_<file name>` of at most 256 characters: leave the file at least half.
const maxNameLength = 128

/** Creates an empty collection. Names are unique over all content types; metadata and tags go to every item added to it. */
export async function createCollection(
  lake: Lake,
  input: { name: string; contentType: ContentType; metadata?: unknown; tags?: readonly string[] | null | undefined },
): Promise<Collection> {
  lake.viewer.require('run')
  const name = input.name.normalize('NFC')
  if (name.trim() === '') throw errors.COLLECTION_NAME_INVALID({ reason: 'it is empty' }, { path: ['name'] })
  if (name !== name.trim())
    throw errors.COLLECTION_NAME_INVALID({ reason: 'it begins or ends with a blank' }, { path: ['name'] })
  if (name.length > maxNameLength) {
    throw errors.COLLECTION_NAME_INVALID(
      { reason: `it has ${name.length} characters; ${maxNameLength} is the limit` },
      { path: ['name'] },
    )
  }
  // Control characters and unpaired surrogates can't be typed, shown or stored.
  if (/[\p{Cc}\p{Cs}]/u.test(name))
    throw errors.COLLECTION_NAME_INVALID({ reason: 'it holds control characters' }, { path: ['name'] })
  if (input.contentType === 'OTHER') {
    throw errors.NOT_SUPPORTED(
      { field: 'contentType', what: `a collection of ${input.contentType}`, instead: 'Use IMAGE or VIDEO' },
      { path: ['contentType'] },
    )
  }
  const created = await insertCollection(lake.db, {
    name,
    contentType: input.contentType,
    createdBy: lake.viewer.name,
    ...describe(input),
  })
  if (created) return created
  const existing = await collectionByName(lake.db, name)
  throw errors.COLLECTION_EXISTS({ name, contentType: existing?.contentType ?? input.contentType }, { path: ['name'] })
}

export async function getCollection(lake: Lake, id: string): Promise<Collection | null> {
  lake.viewer.require('read')
  return isId(id) ? ((await collectionRows(lake.db, [id]))[0] ?? null) : null
}

/** One entry an id, in the order asked. */
export async function collectionsByIds(lake: Lake, ids: readonly string[]): Promise<(Collection | null)[]> {
  lake.viewer.require('read')
  const found = new Map((await collectionRows(lake.db, ids)).map((row) => [row.id, row]))
  return ids.map((id) => found.get(id) ?? null)
}

/** The newest first. */
export async function listCollections(
  lake: Lake,
  args: PageArgs & { contentType?: ContentType | null },
): Promise<Page<Collection>> {
  lake.viewer.require('read')
  const contentType = args.contentType ?? null
  return readPage(args, lake.limits.maxPageSize, {
    order: 'collection-id',
    descending: true,
    rows: (keyset) => collectionPage(lake.db, contentType, keyset),
    count: () => countCollections(lake.db, contentType),
    keyOf: (row) => row.id,
  })
}

/** How many items each collection holds, in the order asked. */
export async function itemCounts(lake: Lake, collectionIds: readonly string[]): Promise<number[]> {
  lake.viewer.require('read')
  const counts = new Map(
    (await countItemsOfCollections(lake.db, collectionIds)).map((row) => [row.collectionId, row.count]),
  )
  return collectionIds.map((id) => counts.get(id) ?? 0)
}
