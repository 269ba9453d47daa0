import type { Field } from './fields'
import type { Operator } from './syntax'

/** A query that was checked: fields that exist, operators they have, values of their types. Without positions: equal queries are equal. */
export type Query =
  | { kind: 'and' | 'or'; of: readonly Query[] }
  | { kind: 'not'; of: Query }
  /** One annotation meets all of it; only annotation fields inside. */
  | { kind: 'oneAnnotation'; of: Query }
  | Condition

export interface Condition {
  kind: 'condition'
  field: Field
  /** Names of metadata of one's own; empty for all other fields. */
  path: readonly string[]
  operator: Operator
  /** Texts, as they were meant; of `~` one pattern. */
  values: readonly string[]
}
