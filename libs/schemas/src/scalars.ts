import { GraphQLError, GraphQLScalarType, Kind, valueFromASTUntyped, type ValueNode } from 'graphql'

// No message here repeats what was sent: it would travel into logs and answers.
const refuse = (message: string): GraphQLError => new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT' } })

const fail = (message: string): never => {
  throw refuse(message)
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/
const CALENDAR_DATE = /^\d{4}-\d{2}-\d{2}$/

function parseInstant(value: unknown, name: string, expected = 'an ISO-8601 instant'): Date {
  const date = typeof value === 'string' && INSTANT.test(value) ? new Date(value) : new Date(Number.NaN)
  return Number.isNaN(date.getTime()) || !isDay(String(value).slice(0, 10))
    ? fail(`${name} takes ${expected} with a time zone, e.g. 2026-11-23T09:00:00Z.`)
    : date
}

/** 2026-02-31 parses to 3 March: only a day that reads back the same exists. */
function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}

function serializeInstant(value: unknown): string {
  const date = value instanceof Date ? value : new Date(String(value))
  return Number.isNaN(date.getTime()) ? fail('DateTime cannot serialize an invalid date.') : date.toISOString()
}

export const DateTimeScalar = new GraphQLScalarType({
  name: 'DateTime',
  description: 'ISO-8601 instant, UTC.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/date-time.html',
  serialize: serializeInstant,
  parseValue: (value) => parseInstant(value, 'DateTime'),
})

/** Parsed to the text as given: whether the day or the instant is meant decides how a range ends. */
function parseDate(value: unknown): string {
  if (typeof value === 'string' && CALENDAR_DATE.test(value)) {
    return isDay(value) ? value : fail('Date takes a day that exists, e.g. 2026-11-23.')
  }
  return parseInstant(value, 'Date', 'a day, e.g. 2026-11-23, or an instant').toISOString()
}

export const DateScalar = new GraphQLScalarType({
  name: 'Date',
  description: 'Calendar date `YYYY-MM-DD` (or a full ISO-8601 instant). Ranges are inclusive at both ends, in UTC.',
  specifiedByURL: 'https://scalars.graphql.org/andimarek/local-date.html',
  serialize: (value) => (value instanceof Date ? value.toISOString().slice(0, 10) : parseDate(value)),
  parseValue: parseDate,
})

export const JsonScalar = new GraphQLScalarType({
  name: 'JSON',
  description: 'Arbitrary JSON. Used only for free-form data, such as the effective parameters of a job.',
  serialize: (value) => value,
  parseValue: (value) => value,
})

function parseLong(value: unknown): number {
  return Number.isSafeInteger(value)
    ? (value as number)
    : fail('Long takes a whole number between -(2^53-1) and 2^53-1.')
}

export const LongScalar = new GraphQLScalarType({
  name: 'Long',
  description: 'Whole number up to 2^53-1 (byte sizes, large counts).',
  serialize: (value) => parseLong(typeof value === 'bigint' || typeof value === 'string' ? Number(value) : value),
  parseValue: parseLong,
  parseLiteral: (node) => parseLong(node.kind === Kind.INT ? Number(node.value) : undefined),
})

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const VECTOR_SHAPE = 'Vector takes a JSON array of finite numbers, or base64 of little-endian float32.'

/** float32 or nothing: a number too large for it would become infinity without a word. */
function checkFinite(vector: Float32Array): Float32Array {
  for (const value of vector) if (!Number.isFinite(value)) fail(`${VECTOR_SHAPE} A value is not finite as float32.`)
  return vector.length === 0 ? fail('Vector takes at least one number.') : vector
}

function parseVector(value: unknown): Float32Array {
  if (Array.isArray(value)) {
    const vector = new Float32Array(value.length)
    for (let i = 0; i < value.length; i++) {
      const number: unknown = value[i]
      if (typeof number !== 'number') fail(VECTOR_SHAPE)
      vector[i] = number as number
    }
    return checkFinite(vector)
  }
  if (typeof value !== 'string' || !BASE64.test(value)) return fail(VECTOR_SHAPE)
  const bytes = Buffer.from(value, 'base64')
  if (bytes.length % 4 !== 0) return fail(`${VECTOR_SHAPE} Its length is not a multiple of 4 bytes.`)
  const vector = new Float32Array(bytes.length / 4)
  for (let i = 0; i < vector.length; i++) vector[i] = bytes.readFloatLE(i * 4)
  return checkFinite(vector)
}

/** base64 of little-endian float32. */
export function encodeVector(vector: Float32Array): string {
  const bytes = Buffer.allocUnsafe(vector.length * 4)
  for (let i = 0; i < vector.length; i++) bytes.writeFloatLE(vector[i] ?? 0, i * 4)
  return bytes.toString('base64')
}

// Float32Array goes out as doubles that read back to the very same float32; a text is base64 already.
function serializeVector(value: unknown): number[] | string {
  if (value instanceof Float32Array) return Array.from(value)
  return typeof value === 'string' ? value : fail('Vector cannot serialize this value.')
}

export const VectorScalar = new GraphQLScalarType<Float32Array, number[] | string>({
  name: 'Vector',
  description:
    'An embedding. In: a JSON array of finite numbers, or base64 of little-endian float32. Out: an array (or base64 where a field takes `encoding: BASE64_F32`). ' +
    'One scalar, not `[Float!]!`: coercing 100 x 2048 numbers one by one costs fifty times more. Send vectors as variables, not as literals in the document.',
  serialize: serializeVector,
  parseValue: parseVector,
  parseLiteral: (node: ValueNode, variables) => parseVector(valueFromASTUntyped(node, variables)),
})
