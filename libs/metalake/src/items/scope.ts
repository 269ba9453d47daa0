import { collectionsByIds, itemsByUniqueNames, type ItemSelection } from '@lakelens/db'
import { errors } from '../errors'
import { isId } from '../ids'
import type { Lake } from '../lake'

/** Exactly one of: a collection, a list of at most 1,000 items, or the whole lake. */
export interface Scope {
  collectionId?: string | null | undefined
  uniqueNames?: readonly string[] | null | undefined
  metalake?: { contentType: string } | null | undefined
}

const maxNames = 1_000

/** Turns a scope into a selection of items; none means everything. Names nobody has are refused, or left out where a list just shrinks. */
export async function resolveScope(
  lake: Lake,
  scope: Scope | null,
  { unknownNames }: { unknownNames: 'refuse' | 'leaveOut' },
): Promise<ItemSelection> {
  if (scope === null) return { collectionId: null, itemIds: null }
  const given = Object.entries(scope).filter(([, value]) => value != null)
  if (given.length !== 1) {
    throw errors.SCOPE_INVALID(
      { reason: 'give exactly one of `collectionId`, `uniqueNames` and `metalake`' },
      { path: ['scope'] },
    )
  }
  if (scope.metalake != null) {
    throw errors.NOT_SUPPORTED(
      { field: 'scope.metalake', what: 'the whole MetaLake as a scope' },
      { path: ['scope', 'metalake'] },
    )
  }
  if (scope.collectionId != null) {
    const [collection] = isId(scope.collectionId) ? await collectionsByIds(lake.db, [scope.collectionId]) : []
    if (!collection) throw errors.COLLECTION_NOT_FOUND({}, { path: ['scope', 'collectionId'] })
    return { collectionId: collection.id, itemIds: null }
  }
  const names = [...new Set(scope.uniqueNames ?? [])]
  if (names.length === 0)
    throw errors.SCOPE_INVALID({ reason: '`uniqueNames` is empty' }, { path: ['scope', 'uniqueNames'] })
  if (names.length > maxNames)
    throw errors.ITEMS_TOO_MANY({ limit: maxNames, received: names.length }, { path: ['scope', 'uniqueNames'] })
  const items = await itemsByUniqueNames(lake.db, names)
  if (unknownNames === 'refuse' && items.length < names.length) {
    const known = new Set(items.map((item) => item.uniqueName))
    throw errors.ITEMS_UNKNOWN(
      { uniqueNames: names.filter((name) => !known.has(name)) },
      { path: ['scope', 'uniqueNames'] },
    )
  }
  return { collectionId: null, itemIds: items.map((item) => item.id) }
}
