import {
  annotationSourcesOfItems,
  countItems,
  embeddingModelsOfItems as embeddingModelRows,
  isItemKey,
  itemsByIds as itemRows,
  itemsByUniqueNames,
  listItems as itemPage,
  tagsOfItems as tagRows,
  type ItemPredicate,
  type ItemRow,
  type ListedItemRow,
  type TagRow,
} from '@lakelens/db'
import { errors } from '../errors'
import type { Lake } from '../lake'
import { readPage, type Page, type PageArgs } from '../page'
import { resolveSelection, selectionOf, type SelectionInput } from './selection'

export type Item = ItemRow
export type Tag = Omit<TagRow, 'itemId'>

export interface ItemOrder {
  field: 'CREATED_AT' | 'UPDATED_AT' | 'NAME' | 'SIZE'
  direction: 'ASC' | 'DESC'
}

export async function getItem(lake: Lake, uniqueName: string): Promise<Item | null> {
  lake.viewer.require('read')
  return (await itemsByUniqueNames(lake.db, [uniqueName]))[0] ?? null
}

/** One entry an id, in the order asked. */
export async function itemsByIds(lake: Lake, ids: readonly string[]): Promise<(Item | null)[]> {
  lake.viewer.require('read')
  const found = new Map((await itemRows(lake.db, ids)).map((row) => [row.id, row]))
  return ids.map((id) => found.get(id) ?? null)
}

/** By time of upload, as a condition that must hold. */
const isOfARange = (predicate: ItemPredicate | null): boolean =>
  predicate?.kind === 'instant'
    ? predicate.column === 'createdAt'
    : predicate?.kind === 'and' && predicate.of.some(isOfARange)

const orderKeys = { CREATED_AT: 'id', UPDATED_AT: 'updatedAt', NAME: 'name', SIZE: 'byteSize' } as const

/** Items of a scope, or of the whole lake, that meet query and filter; the newest first unless said otherwise. */
export async function listItems(
  lake: Lake,
  args: PageArgs & SelectionInput & { orderBy?: ItemOrder | null },
): Promise<Page<Item>> {
  lake.viewer.require('read')
  const selection = selectionOf(await resolveSelection(lake, args, { unknownNames: 'leaveOut' }))
  const order = args.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
  const by = order.field === 'CREATED_AT' && isOfARange(selection.predicate) ? 'createdAt' : orderKeys[order.field]
  return readPage<ListedItemRow>(args, lake.limits.maxPageSize, {
    order: `item-${by}`,
    descending: order.direction === 'DESC',
    rows: (keyset) => itemPage(lake.db, selection, by, keyset),
    count: () => countItems(lake.db, selection),
    keyOf: (row) => row.sortKey,
    isKey: (key) => isItemKey(by, key),
  })
}

/** A signed address of the stored file, good for `expiresIn` seconds (60 to a week). */
export async function itemUrl(lake: Lake, item: Item, expiresIn: number): Promise<string> {
  lake.viewer.require('read')
  if (!Number.isInteger(expiresIn) || expiresIn < 60 || expiresIn > 604_800) {
    throw errors.PARAMETER_INVALID({ field: 'expiresIn', reason: 'is a whole number of seconds from 60 to 604800' })
  }
  return sign(lake, item.digest, item.mediaType, item.name, expiresIn)
}

export async function thumbnailUrl(lake: Lake, item: Item): Promise<string | null> {
  lake.viewer.require('read')
  if (item.thumbnailDigest === null) return null
  const [type, ending] = item.contentType === 'VIDEO' ? ['image/jpeg', 'jpg'] : ['image/webp', 'webp']
  return sign(lake, item.thumbnailDigest, type, `${item.name}.${ending}`, 3600)
}

async function sign(
  lake: Lake,
  digest: string,
  mediaType: string,
  fileName: string,
  expiresIn: number,
): Promise<string> {
  return (await lake.signer.sign({ method: 'GET', path: `/media/${digest}`, mediaType, fileName, expiresIn })).url
}

/** Groups rows by item, in the order of the ids. */
function perItem<R extends { itemId: string }, T>(
  itemIds: readonly string[],
  rows: readonly R[],
  pick: (row: R) => T,
): T[][] {
  const groups = new Map<string, T[]>(itemIds.map((id) => [id, []]))
  for (const row of rows) groups.get(row.itemId)?.push(pick(row))
  return itemIds.map((id) => groups.get(id) ?? [])
}

export async function tagsOfItems(lake: Lake, itemIds: readonly string[]): Promise<Tag[][]> {
  lake.viewer.require('read')
  return perItem(itemIds, await tagRows(lake.db, itemIds), ({ itemId: _, ...tag }) => tag)
}

/** RAW alone: no live annotation at all. */
export async function annotationTypesOfItems(
  lake: Lake,
  itemIds: readonly string[],
): Promise<('RAW' | 'HUMAN' | 'MACHINE')[][]> {
  lake.viewer.require('read')
  const sources = perItem(itemIds, await annotationSourcesOfItems(lake.db, itemIds), (row) => row.source)
  return sources.map((found) => (found.length === 0 ? ['RAW'] : found))
}

/** Names of the models an item has a vector of. */
export async function embeddingModelsOfItems(lake: Lake, itemIds: readonly string[]): Promise<string[][]> {
  lake.viewer.require('read')
  return perItem(itemIds, await embeddingModelRows(lake.db, itemIds), (row) => row.modelName)
}
