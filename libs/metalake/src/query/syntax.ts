/** What a query is before anything is known of fields: positions are 0-based, in UTF-16 units. */
export type Syntax =
  | { kind: 'and' | 'or'; of: Syntax[] }
  | { kind: 'not'; of: Syntax }
  /** `annotation(…)`: all of it about one annotation. */
  | { kind: 'group'; position: number; of: Syntax }
  | TermSyntax

export interface TermSyntax {
  kind: 'term'
  position: number
  /** Where the name ends and an operator would stand. */
  end: number
  path: Segment[]
  /** Null: the field stands alone. */
  operator: { name: Operator; position: number } | null
  values: Value[]
}

/** One part of a field's name; a quoted one is taken as it is written. */
export interface Segment {
  text: string
  isQuoted: boolean
  position: number
}

export interface Value {
  position: number
  text: string
  /** The same as a pattern: `*` and `?` are wild, `\*`, `\?` and `\\` stand for themselves. */
  pattern: string
}

export const operators = ['=', '!=', '~', '<', '<=', '>', '>=', 'in', 'not in'] as const
export type Operator = (typeof operators)[number]

export const limits = {
  /** UTF-16 units. */
  length: 4_000,
  /** Parentheses, NOT and groups inside each other. */
  depth: 32,
  /** Comparisons. */
  terms: 100,
  /** In one list. */
  values: 200,
  /** Names in one field's path. */
  segments: 16,
} as const
