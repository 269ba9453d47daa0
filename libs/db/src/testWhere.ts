import type { NumberTest, TextTest } from './itemPredicate'
import type { Parameters } from './parameters'
import { asReal } from './real'

/** A text, with case folded as Postgres folds it on both sides, so that the two never disagree; the indexes are on `lower(…)`. */
export function textWhere(column: string, test: TextTest, parameters: Parameters): string {
  if (test.op === 'like') return `lower(${column}) like lower(${parameters.add(test.pattern, 'text')})`
  const [first, ...others] = test.values
  if (first !== undefined && others.length === 0) return `lower(${column}) = lower(${parameters.add(first, 'text')})`
  return `lower(${column}) = any (folded(${parameters.add(test.values, 'text[]')}))`
}

/** One of a few texts that are never folded. */
export const anyText = (column: string, values: readonly string[], parameters: Parameters): string =>
  values.length === 1
    ? `${column} = ${parameters.add(values[0], 'text')}`
    : `${column} = any (${parameters.add(values, 'text[]')})`

/** A column of real numbers. `type` is its own: 0.8 as float8 is not what a real made of 0.8. */
export function decimalWhere(
  column: string,
  test: NumberTest,
  parameters: Parameters,
  type: 'float8' | 'real',
): string {
  const fit = (value: number) => (type === 'real' ? asReal(value) : value)
  if (test.op === 'in') return `${column} = any (${parameters.add(test.values.map(fit), `${type}[]`)})`
  return `${column} ${test.op} ${parameters.add(fit(test.value), type)}`
}

/** A column of whole numbers, compared with whole numbers: the index on it serves no others. */
export function wholeWhere(column: string, test: NumberTest, parameters: Parameters): string {
  if (test.op === 'in') {
    const whole = test.values.filter((value) => Number.isSafeInteger(value)).map(String)
    return `${column} = any (${parameters.add(whole, 'bigint[]')})`
  }
  const bound = test.op === '<=' || test.op === '>' ? Math.floor(test.value) : Math.ceil(test.value)
  const inRange = Math.min(Number.MAX_SAFE_INTEGER, Math.max(-Number.MAX_SAFE_INTEGER, bound))
  return `${column} ${test.op} ${parameters.add(String(inRange), 'bigint')}`
}
