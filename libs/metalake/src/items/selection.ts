import { collectionsByIds, itemsByUniqueNames, type ItemSelection } from '@lakelens/db'
import { z } from 'zod'
import { errors } from '../errors'
import { isId } from '../ids'
import type { Lake } from '../lake'
import { predicateOf } from '../query'

/** Exactly one of: a collection, a list of at most 1,000 items, or the whole lake. */
export interface Scope {
  collectionId?: string | null | undefined
  uniqueNames?: readonly string[] | null | undefined
  metalake?: { contentType: string } | null | undefined
}

/** Narrows a query (chapter 7): what is given must hold. */
export interface Filter {
  /** Any of them; RAW: no annotation at all. */
  annotationTypes?: readonly ('RAW' | 'HUMAN' | 'MACHINE')[] | null | undefined
  /** Uploaded on or after, on or before: `YYYY-MM-DD` or an instant, UTC, inclusive. */
  fromDate?: string | null | undefined
  toDate?: string | null | undefined
}

/** Where a list, a count, a run or an export looks: `scope`, `query` and `filter` together. */
export interface SelectionInput {
  scope?: Scope | null | undefined
  query?: string | null | undefined
  filter?: Filter | null | undefined
}

const filterShape = z.object({
  annotationTypes: z.array(z.enum(['RAW', 'HUMAN', 'MACHINE'])).nullish(),
  fromDate: z.string().nullish(),
  toDate: z.string().nullish(),
})

/** A selection as a job keeps it: the scope by ids, query and filter as they were said. */
export const storedSelection = z.object({
  collectionId: z.string().nullable(),
  itemIds: z.array(z.string()).nullable(),
  contentType: z.enum(['IMAGE', 'VIDEO', 'OTHER']).nullable(),
  query: z.string().nullable(),
  filter: filterShape.nullable(),
})
export type StoredSelection = z.infer<typeof storedSelection>

const maxNames = 1_000

/**
 * Checks scope, query and filter, and looks the scope up. Names nobody has are refused, or left out where a list just shrinks.
 * Throws SCOPE_INVALID, COLLECTION_NOT_FOUND, ITEMS_TOO_MANY, ITEMS_UNKNOWN, and what is wrong with the query or the filter.
 */
export async function resolveSelection(
  lake: Lake,
  input: SelectionInput,
  unknown: { unknownNames: 'refuse' | 'leaveOut' },
): Promise<StoredSelection> {
  const query = input.query == null || input.query.trim() === '' ? null : input.query
  const filter = input.filter == null ? null : checkFilter(input.filter)
  predicateOf({ query, filter })
  return { ...(await resolveScope(lake, input.scope ?? null, unknown)), query, filter }
}

/** GraphQL has checked its form already; the command line and REST have not. */
function checkFilter(filter: Filter): z.infer<typeof filterShape> {
  const { data, error } = filterShape.safeParse(filter)
  if (data) return data
  const [fault] = error.issues
  const path = ['filter', ...(fault?.path ?? []).map(String)]
  throw errors.PARAMETER_INVALID({ field: path.join('.'), reason: `can't be used: ${fault?.message ?? ''}` }, { path })
}

/** The one predicate that items, counts, runs and exports share. */
export const selectionOf = ({ query, filter, ...scope }: StoredSelection): ItemSelection => ({
  ...scope,
  predicate: predicateOf({ query, filter }),
})

type ResolvedScope = Pick<StoredSelection, 'collectionId' | 'itemIds' | 'contentType'>
const everything: ResolvedScope = { collectionId: null, itemIds: null, contentType: null }

async function resolveScope(
  lake: Lake,
  scope: Scope | null,
  { unknownNames }: { unknownNames: 'refuse' | 'leaveOut' },
): Promise<ResolvedScope> {
  if (scope === null) return everything
  const given = Object.entries(scope).filter(([, value]) => value != null)
  if (given.length !== 1) {
    throw errors.SCOPE_INVALID(
      { reason: 'give exactly one of `collectionId`, `uniqueNames` and `metalake`' },
      { path: ['scope'] },
    )
  }
  if (scope.metalake != null) {
    const { contentType } = scope.metalake
    if (contentType !== 'IMAGE' && contentType !== 'VIDEO') {
      throw errors.SCOPE_INVALID(
        { reason: 'the `contentType` of `metalake` is IMAGE or VIDEO' },
        { path: ['scope', 'metalake', 'contentType'] },
      )
    }
    return { ...everything, contentType }
  }
  if (scope.collectionId != null) {
    const [collection] = isId(scope.collectionId) ? await collectionsByIds(lake.db, [scope.collectionId]) : []
    if (!collection) throw errors.COLLECTION_NOT_FOUND({}, { path: ['scope', 'collectionId'] })
    return { ...everything, collectionId: collection.id }
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
  return { ...everything, itemIds: items.map((item) => item.id) }
}
