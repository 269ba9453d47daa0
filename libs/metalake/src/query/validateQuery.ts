import { countItems } from '@lakelens/db'
import type { LakeError } from '@lakelens/kernel'
import { resolveSelection, selectionOf, type SelectionInput } from '../items/selection'
import type { Lake } from '../lake'
import { print } from './print'
import { readQuery } from './read'
import { warningsOf } from './warn'

export interface QueryValidation {
  ok: boolean
  /** The query in order; null where it can't be read. */
  normalized: string | null
  /** Of unknown fields, operators and values all that there are; of a query that can't be read the first fault. */
  errors: LakeError[]
  warnings: string[]
  /** Items of the scope that meet query and filter, counted when called; null where the query can't be read. */
  matched(): Promise<number | null>
}

/** Says what a query means, or what is wrong with it, and runs nothing. Throws what is wrong with scope and filter. */
export async function validateQuery(lake: Lake, input: SelectionInput & { query: string }): Promise<QueryValidation> {
  lake.viewer.require('read')
  const { query, faults } = readQuery(input.query)
  const ok = faults.length === 0
  const stored = await resolveSelection(
    lake,
    { ...input, query: ok ? input.query : null },
    { unknownNames: 'leaveOut' },
  )
  return {
    ok,
    normalized: ok ? (query === null ? '' : print(query)) : null,
    errors: faults,
    warnings: query === null ? [] : warningsOf(query),
    matched: async () => (ok ? countItems(lake.db, selectionOf(stored)) : null),
  }
}
