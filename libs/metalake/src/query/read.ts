import { isLakeError, type LakeError } from '@lakelens/kernel'
import { check } from './check'
import { parse } from './parse'
import type { Query } from './tree'

/** Reads and checks a query. Null and no faults: there is no condition in it. */
export function readQuery(text: string): { query: Query | null; faults: LakeError[] } {
  if (text.trim() === '') return { query: null, faults: [] }
  try {
    return check(parse(text))
  } catch (error) {
    if (!isLakeError(error)) throw error
    return { query: null, faults: [error] }
  }
}

/** As `readQuery`, and throws the first fault with `path: ["query"]`. */
export function requireQuery(text: string): Query | null {
  const { query, faults } = readQuery(text)
  if (faults[0]) throw faults[0].at('query')
  return query
}
