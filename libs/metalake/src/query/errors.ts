import { defineErrors } from '@lakelens/kernel'

/** Where in the query (0-based, UTF-16 units) something is wrong, and what could stand there. */
interface Place {
  position: number
  expected: readonly string[]
}

const list = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
const place = ({ position }: Place): string => `at position ${position}`
const expected = (d: Place): string => (d.expected.length === 0 ? '' : ` Expected ${list(d.expected)}.`)

export const errors = defineErrors('metalake/query', {
  QUERY_SYNTAX: [
    'QUERY_SYNTAX',
    (d: Place & { found: string }) => `The query can't be read ${place(d)}: found ${d.found}.${expected(d)}`,
  ],
  QUERY_UNKNOWN_FIELD: [
    'QUERY_UNKNOWN_FIELD',
    (d: Place & { field: string }) =>
      `There is no field \`${d.field}\` (${place(d)} of the query).${d.expected.length === 0 ? '' : ` Did you mean ${list(d.expected)}?`} List them with \`queryFields\`.`,
  ],
  QUERY_OPERATOR: [
    'QUERY_SYNTAX',
    (d: Place & { field: string; operator: string }) =>
      `\`${d.field}\` can't be compared with \`${d.operator}\` (${place(d)} of the query).${expected(d)}`,
  ],
  QUERY_VALUE: [
    'QUERY_SYNTAX',
    (d: Place & { field: string; found: string }) =>
      `${d.found} is no value of \`${d.field}\` (${place(d)} of the query).${expected(d)}`,
  ],
  QUERY_TEXT: [
    'QUERY_SYNTAX',
    (d: Place) =>
      `The query holds NUL or half of a surrogate pair ${place(d)}, which no text in the lake has. Take the character out.`,
  ],
  QUERY_TOO_LARGE: [
    'LIMIT_EXCEEDED',
    (d: Place & { limit: number; received: number; what: string }) =>
      `The query has more than ${d.limit} ${d.what} (${place(d)}). Make it smaller, or ask in several.`,
  ],
  FILTER_DATE: [
    'INVALID_INPUT',
    (d: { field: string }) =>
      `\`${d.field}\` is no date. Give a day that exists, e.g. 2026-11-23, or an instant with a time zone, e.g. 2026-11-23T09:00:00Z.`,
  ],
  FILTER_RANGE: [
    'INVALID_INPUT',
    (d: { fromDate: string; toDate: string }) =>
      `Nothing is uploaded from ${d.fromDate} to ${d.toDate}: the range ends before it begins. Swap them.`,
  ],
})
