import type { Comparison, ItemPredicate, MetadataTest, ModelTest, NumberTest, TextTest } from '@lakelens/db'
import { rangeOfDate } from './dates'
import type { Operator } from './syntax'

/** How a field is compared, without the negation: `!=` is exactly NOT of `=`, `not in` of `in`. */
export type Test =
  { op: 'in'; values: readonly string[] } | { op: 'like'; pattern: string } | { op: Comparison; value: string }

export const valueTypes = {
  TEXT: { operators: ['=', '!=', '~', 'in', 'not in'], expected: ['a text'], accepts: () => true },
  MODEL: {
    operators: ['=', '!=', '~', 'in', 'not in'],
    expected: ['a name', 'a name and version'],
    accepts: () => true,
  },
  CHOICE: { operators: ['=', '!=', 'in', 'not in'], expected: [], accepts: () => true },
  NUMBER: numeric(['a number'], toNumber),
  FRACTION: numeric(['a number from 0 to 1'], toFraction),
  BYTES: numeric(['a size like 500, 20KB, 1.5MB or 2GiB'], toBytes),
  SECONDS: numeric(['a duration like 90, 90s, 1.5m or 2h'], toSeconds),
  DATE: numeric(['a day like 2026-01-31', 'an instant like 2026-01-31T12:00:00Z'], rangeOfDate),
  ANY: {
    operators: ['=', '!=', '~', '<', '<=', '>', '>=', 'in', 'not in'],
    expected: ['a text'],
    accepts: () => true,
  },
} as const satisfies Record<
  string,
  { operators: readonly Operator[]; expected: readonly string[]; accepts: (text: string) => boolean }
>
export type ValueType = keyof typeof valueTypes

function numeric(expected: readonly string[], read: (text: string) => unknown) {
  const operators: readonly Operator[] = ['=', '!=', '<', '<=', '>', '>=', 'in', 'not in']
  return { operators, expected, accepts: (text: string) => read(text) !== null }
}

const decimal = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,4})?$/i

/** Null: no number, or none that a double holds. */
export function toNumber(text: string): number | null {
  const number = decimal.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(number) ? number : null
}

export function toFraction(text: string): number | null {
  const number = toNumber(text)
  return number !== null && number >= 0 && number <= 1 ? number : null
}

function withUnit(text: string, units: Readonly<Record<string, number>>): number | null {
  const [, amount = '', unit = ''] = /^(.*?[\d.])\s*([a-z]*)$/i.exec(text) ?? []
  const number = toNumber(amount)
  const factor = units[unit.toLowerCase()]
  return number === null || factor === undefined ? null : toNumber(String(number * factor))
}

const byteUnits = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}
/** Bytes; with a unit rounded to whole ones: 1.1 KB is 1100, not 1100.0000000000002. */
export function toBytes(text: string): number | null {
  const bytes = withUnit(text, byteUnits)
  return bytes === null || /[\d.]$/.test(text) ? bytes : Math.round(bytes)
}

const secondUnits = { '': 1, s: 1, m: 60, h: 3600 }
export function toSeconds(text: string): number | null {
  return withUnit(text, secondUnits)
}

const jsonNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,4})?$/
function asJsonNumber(text: string): number | null {
  const number = jsonNumber.test(text) ? Number(text) : Number.NaN
  return Number.isFinite(number) ? number : null
}
const words: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null }

/** The JSON scalars a text may stand for: itself, and the literal it spells. */
function scalarsOf(text: string): (string | number | boolean | null)[] {
  const number = asJsonNumber(text)
  if (number !== null) return [text, number]
  const word = Object.hasOwn(words, text) ? words[text] : undefined
  return word === undefined ? [text] : [text, word]
}

/** Metadata says its own types: a literal that spells a number is compared with numbers, any other with texts. */
export function metadataTest(test: Test): MetadataTest {
  if (test.op === 'in') return { op: 'in', scalars: test.values.flatMap(scalarsOf) }
  if (test.op === 'like') return { op: 'like', pattern: likeOf(test.pattern) }
  return { op: test.op, value: asJsonNumber(test.value) ?? test.value }
}

/** What was checked before and can't be otherwise. */
function never(test: { op: string }): never {
  throw new Error(`The operator ${test.op} passed the check of a field that has none such.`)
}

export function textTest(test: Test): TextTest {
  if (test.op === 'in') return test
  return test.op === 'like' ? { op: 'like', pattern: likeOf(test.pattern) } : never(test)
}

export function numberTest(test: Test, read: (text: string) => number | null): NumberTest {
  if (test.op === 'like') return never(test)
  if (test.op === 'in') return { op: 'in', values: test.values.map((value) => read(value) as number) }
  return { op: test.op, value: read(test.value) as number }
}

/** `name`: any version; `name:3`: the third. */
export function modelTest(test: Test): ModelTest {
  if (test.op === 'like') return { op: 'like', pattern: likeOf(test.pattern) }
  if (test.op !== 'in') return never(test)
  return {
    op: 'in',
    models: test.values.map((value) => {
      const [, name = value, version] = /^(.*):([1-9]\d{0,8})$/s.exec(value) ?? []
      return { name, version: version === undefined ? null : Number(version) }
    }),
  }
}

/** A date stands for all of its time: `<=` includes the whole day, `=` means within it. */
export function dateWhere(column: 'createdAt' | 'updatedAt', test: Test): ItemPredicate {
  const range = (text: string) => rangeOfDate(text) as { from: string; before: string }
  if (test.op === 'like') return never(test)
  if (test.op === 'in')
    return { kind: 'or', of: test.values.map((value) => ({ kind: 'instant', column, ...range(value) })) }
  const { from, before } = range(test.value)
  const ends = {
    '<': { from: null, before: from },
    '<=': { from: null, before },
    '>': { from: before, before: null },
    '>=': { from, before: null },
  }
  return { kind: 'instant', column, ...ends[test.op] }
}

/** A pattern of the language as one of LIKE: it may stand anywhere in the text. */
function likeOf(pattern: string): string {
  const inner = pattern.replace(/\\([*?\\])|[*?%_\\]/gs, (found, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped === '\\' ? '\\\\' : escaped
    if (found === '*') return '%'
    return found === '?' ? '_' : `\\${found}`
  })
  return `%${inner}%`
}
