import {
  annotationSourcesOfItems,
  countItems,
  embeddingModelsOfItems as embeddingModelRows,
  itemsByIds as itemRows,
  itemsByUniqueNames,
  listItems as itemPage,
  tagsOfItems as tagRows,
  type ItemRow,
  type TagRow,
} from '@lakelens/db'
import { errors } from '../errors'
import type { Lake } from '../lake'
import { readPage, type Page, type PageArgs } from '../page'
import { resolveScope, type Scope } from './scope'

export type Item = ItemRow
export type Tag = Omit<TagRow, 'itemId'>

export interface ItemOrder {
  field: 'CREATED_AT' | 'NAME'
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

/** Items of a scope, or of the whole lake; the newest first unless said otherwise. */
export async function listItems(
  lake: Lake,
  args: PageArgs & { scope?: Scope | null; orderBy?: ItemOrder | null; query?: string | null; filter?: unknown },
): Promise<Page<Item>> {
  lake.viewer.require('read')
  refuseUnsupported(args)
  const selection = await resolveScope(lake, args.scope ?? null, { unknownNames: 'leaveOut' })
  const order = args.orderBy ?? { field: 'CREATED_AT', direction: 'DESC' }
  // Ids grow with creation and are unique; created_at is not.
  const by = order.field === 'NAME' ? 'name' : 'id'
  return readPage(args, lake.limits.maxPageSize, {
    order: `item-${by}`,
    descending: order.direction === 'DESC',
    rows: (keyset) => itemPage(lake.db, selection, by, keyset),
    count: () => countItems(lake.db, selection),
    keyOf: (row) => (by === 'name' ? row.uniqueName : row.id),
  })
}

/** Fields whose meaning is fixed and whose work is still to come: better refused than ignored. */
export function refuseUnsupported(input: {
  query?: string | null | undefined
  filter?: unknown
  inferencePlatform?: string | null | undefined
}): void {
  if (input.query != null && input.query.trim() !== '')
    throw errors.NOT_SUPPORTED({ field: 'query', what: 'narrowing by a search query' }, { path: ['query'] })
  if (input.filter != null && Object.values(input.filter).some((value) => value != null)) {
    throw errors.NOT_SUPPORTED({ field: 'filter', what: 'narrowing by a filter' }, { path: ['filter'] })
  }
  if (input.inferencePlatform === 'AWS') {
    throw errors.NOT_SUPPORTED(
      { field: 'inferencePlatform', what: 'inference on AWS' },
      { path: ['inferencePlatform'] },
    )
  }
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
  return item.thumbnailDigest === null
    ? null
    : sign(lake, item.thumbnailDigest, 'image/webp', `${item.name}.webp`, 3600)
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
