import type { ItemPredicate } from '@lakelens/db'
import type { Filter } from '../items/selection'
import { filterPredicate } from './filter'
import { toPredicate } from './predicate'
import { print } from './print'
import { requireQuery } from './read'
import { warningsOf } from './warn'

/**
 * Query and filter as one condition on items; null: no condition. Throws what is wrong with them, with `path: ["query"]` or
 * `["filter", …]`; cheap enough to be called at every page.
 */
export function predicateOf({ query, filter }: { query: string | null; filter: Filter | null }): ItemPredicate | null {
  const read = query === null ? null : requireQuery(query)
  const conditions = [read && toPredicate(read), filter && filterPredicate(filter)].filter((one) => one !== null)
  if (conditions.length < 2) return conditions[0] ?? null
  return { kind: 'and', of: conditions }
}

/** A query that is right, put in order, and what it may not mean although it says it. Throws as `predicateOf`. */
export function explainQuery(query: string | null): { normalized: string | null; warnings: string[] } {
  const read = query === null ? null : requireQuery(query)
  return read ? { normalized: print(read), warnings: warningsOf(read) } : { normalized: null, warnings: [] }
}

export { queryFields, type QueryField } from './queryFields'
export { validateQuery, type QueryValidation } from './validateQuery'
