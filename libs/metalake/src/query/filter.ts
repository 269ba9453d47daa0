import type { ItemPredicate } from '@lakelens/db'
import type { Filter } from '../items/selection'
import { rangeOfDate } from './dates'
import { errors } from './errors'
import { typesWhere } from './predicate'

/** A filter as a condition on items; null: it asks for nothing. Throws FILTER_DATE and FILTER_RANGE with `path: ["filter", …]`. */
export function filterPredicate(filter: Filter): ItemPredicate | null {
  const conditions: ItemPredicate[] = []
  // An empty list names no type that would do: as everywhere in inputs it is taken as not given.
  const types = filter.annotationTypes ?? []
  if (types.length > 0) {
    const sources = (['HUMAN', 'MACHINE'] as const).filter((source) => types.includes(source))
    conditions.push(typesWhere(types.includes('RAW'), sources))
  }
  const uploaded = dates(filter)
  if (uploaded) conditions.push(uploaded)
  if (conditions.length < 2) return conditions[0] ?? null
  return { kind: 'and', of: conditions }
}

function dates({ fromDate, toDate }: Filter): ItemPredicate | null {
  if (fromDate == null && toDate == null) return null
  const from = fromDate == null ? null : range(fromDate, 'fromDate').from
  const before = toDate == null ? null : range(toDate, 'toDate').before
  if (from !== null && before !== null && from >= before)
    throw errors.FILTER_RANGE({ fromDate: String(fromDate), toDate: String(toDate) }, { path: ['filter', 'toDate'] })
  return { kind: 'instant', column: 'createdAt', from, before }
}

function range(date: string, field: string): { from: string; before: string } {
  const found = rangeOfDate(date)
  if (!found) throw errors.FILTER_DATE({ field: `filter.${field}` }, { path: ['filter', field] })
  return found
}
