import { changeMetadata, itemsByIds, itemsByUniqueNames, lockItems, overfullItems, type Db } from '@lakelens/db'
import { errors } from '../errors'
import type { Lake } from '../lake'
import type { Item } from './items'
import { checkTags, maxBytes, maxKeys, maxTags, readPatch, uniteTags } from './metadata'

export interface MetadataEdit {
  /** Merged at the top level (RFC 7396): null removes a field, anything else replaces it. `Tags` replaces the tags. */
  metadata?: unknown
  addTags?: readonly string[] | null | undefined
  removeTags?: readonly string[] | null | undefined
}

const maxNames = 1_000
const words = { keys: 'fields', bytes: 'bytes of metadata', tags: 'tags' } as const
const limits = { keys: maxKeys, bytes: maxBytes, tags: maxTags }

/**
 * Edits metadata and tags of at most 1,000 items, all or none: an unknown name, or one item that would hold too much, and
 * nothing has changed. A tag in both lists is there afterwards. Returns the items in the order of their names given.
 */
export async function updateItemMetadata(
  lake: Lake,
  input: MetadataEdit & { uniqueNames: readonly string[] },
): Promise<Item[]> {
  lake.viewer.require('run')
  const names = [...new Set(input.uniqueNames)]
  if (names.length > maxNames)
    throw errors.ITEMS_TOO_MANY({ limit: maxNames, received: names.length }, { path: ['uniqueNames'] })
  const change = readEdit(input)
  if (names.length === 0) return []
  const found = new Map((await itemsByUniqueNames(lake.db, names)).map((item) => [item.uniqueName, item.id]))
  refuseUnknown(names, (name) => found.has(name))
  const ids = names.map((name) => found.get(name) ?? '')
  return lake.db.transaction(async (tx) => {
    const present = new Set(await lockItems(tx, ids))
    refuseUnknown(names, (name) => present.has(found.get(name) ?? ''))
    await changeMetadata(tx, ids, change)
    await refuseOverfull(tx, ids)
    const changed = new Map((await itemsByIds(tx, ids)).map((item) => [item.id, item]))
    return ids.flatMap((id) => changed.get(id) ?? [])
  })
}

/** An edit, checked: the same for items and for the defaults of a collection. */
export function readEdit(input: MetadataEdit) {
  const patch = readPatch(input.metadata, ['metadata'])
  return {
    set: patch.set,
    removeFields: patch.remove,
    replaceTags: patch.tags,
    addTags: uniteTags(checkTags(input.addTags ?? [], ['addTags']), ['addTags']),
    removeTags: checkTags(input.removeTags ?? [], ['removeTags']),
  }
}

function refuseUnknown(names: readonly string[], isKnown: (name: string) => boolean): void {
  const unknown = names.filter((name) => !isKnown(name))
  if (unknown.length > 0) throw errors.ITEMS_UNKNOWN({ uniqueNames: unknown }, { path: ['uniqueNames'] })
}

async function refuseOverfull(tx: Db, ids: readonly string[]): Promise<void> {
  const overfull = await overfullItems(tx, ids, limits)
  const [first] = overfull
  if (!first) return
  const uniqueNames = overfull.filter(({ what }) => what === first.what).map(({ uniqueName }) => uniqueName)
  throw errors.METADATA_TOO_LARGE(
    { uniqueNames, what: words[first.what], limit: limits[first.what] },
    { path: [first.what === 'tags' ? 'addTags' : 'metadata'] },
  )
}
