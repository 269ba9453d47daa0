import { answerErrors } from './answerErrors'
import { printable } from './printable'

/** Numbers as they came, in their shape; what numpy calls an array. */
export interface NumberArray {
  shape: readonly number[]
  data: ArrayLike<number>
}

/** What `output_fn` returned, as far as `runner.py` lets through. */
export type Value = null | boolean | number | string | readonly Value[] | NumberArray | ValueRecord
export interface ValueRecord {
  readonly fields: ReadonlyMap<string, Value>
}

const kinds = {
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
} as const
const maxDepth = 40
// A dict takes 300 bytes once it is read, and 100,000 objects with box, score and label are 400,000 values.
const maxValues = 500_000
const maxObjects = 100_000
// Of rows that come one by one and are put together; a bitmap of 4096 × 4096 is as many.
const maxJoined = 2 ** 24

const malformed = (reason: string): Error => answerErrors.ANSWER_MALFORMED({ reason })

/** Puts a frame's JSON tree and its arrays together; arrays are looked at in place. Believes nothing. */
export const readValue = (tree: unknown, body: Uint8Array<ArrayBuffer>): Value =>
  read(tree, { body, values: maxValues, bytes: body.byteLength }, 0)

interface Source {
  body: Uint8Array<ArrayBuffer>
  /** How many more are read. */
  values: number
  /** Of the body that no array was made of yet: a thousand views of the same 100 MB would be 100 GB to whoever copies them. */
  bytes: number
}

function read(tree: unknown, source: Source, depth: number): Value {
  if (depth > maxDepth) throw malformed('it is nested too deep')
  if (--source.values < 0)
    throw malformed(
      `it holds more than ${maxValues} values; give lists of numbers as arrays, and leave out what scores low`,
    )
  if (tree === null || typeof tree === 'boolean' || typeof tree === 'string') return tree
  if (typeof tree === 'number') return tree
  if (Array.isArray(tree)) return tree.map((entry) => read(entry, source, depth + 1))
  if (typeof tree !== 'object') throw malformed('it holds something that is no value')
  const entries = Object.entries(tree)
  if (entries.length === 1 && entries[0]![0] === '$') return readArray(entries[0]![1], source)
  return { fields: new Map(entries.map(([key, entry]) => [key, read(entry, source, depth + 1)])) }
}

function readArray(reference: unknown, source: Source): Value {
  const { body } = source
  if (!Array.isArray(reference)) throw malformed('it refers to no array')
  const [kind, shape, offset] = reference as unknown[]
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
  if (!isKind(kind) || !isCount(offset) || !Array.isArray(shape) || shape.length > 8 || !shape.every(isCount))
    throw malformed('it refers to no array')
  const length = shape.reduce((product, side) => product * side, 1)
  const type = kinds[kind]
  const bytes = length * type.BYTES_PER_ELEMENT
  const end = offset + bytes
  if (!(end <= body.byteLength) || offset % type.BYTES_PER_ELEMENT !== 0)
    throw malformed('it refers to an array beyond its end')
  source.bytes -= bytes
  if (source.bytes < 0) throw malformed('it refers to the same array again')
  const data = new type(body.buffer, body.byteOffset + offset, length)
  return shape.length === 0 ? data[0]! : { shape: shape as number[], data }
}

const isKind = (value: unknown): value is keyof typeof kinds => typeof value === 'string' && Object.hasOwn(kinds, value)

export const isNumberArray = (value: Value): value is NumberArray =>
  typeof value === 'object' && value !== null && 'shape' in value
export const isRecord = (value: Value): value is ValueRecord =>
  typeof value === 'object' && value !== null && 'fields' in value
export const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

/** Null and what isn't there are one. */
export const field = ({ fields }: ValueRecord, ...names: readonly string[]): Value => {
  for (const name of names) {
    const value = fields.get(name)
    if (value !== undefined && value !== null) return value
  }
  return null
}

/** A row of numbers, or null when it is something else. */
export function asVector(value: Value): ArrayLike<number> | null {
  if (isList(value)) return value.every((entry) => typeof entry === 'number') ? (value as readonly number[]) : null
  return isNumberArray(value) && value.shape.length === 1 ? value.data : null
}

export interface Matrix {
  rows: number
  columns: number
  data: ArrayLike<number>
}

/** Rows of numbers, all of one length; null when it is something else. No rows at all have no columns either. */
export function asMatrix(value: Value): Matrix | null {
  if (isNumberArray(value)) {
    const [rows, columns] = value.shape
    if (value.shape.length === 2) return { rows: rows!, columns: columns!, data: value.data }
    return value.shape.length === 1 && rows === 0 ? { rows: 0, columns: 0, data: [] } : null
  }
  if (!isList(value)) return null
  const rows = value.map(asVector)
  const columns = rows[0]?.length ?? 0
  if (rows.some((row) => row === null || row.length !== columns) || rows.length * columns > maxJoined) return null
  const data = new Float64Array(rows.length * columns)
  rows.forEach((row, i) => data.set(row!, i * columns))
  return { rows: rows.length, columns, data }
}

export const row = ({ columns, data }: Matrix, i: number): number[] =>
  Array.from({ length: columns }, (_, column) => data[i * columns + column]!)

/** For messages: what a value is, without its content. */
export function describeValue(value: Value): string {
  if (value === null) return 'missing'
  if (isNumberArray(value)) return `an array of shape [${value.shape.join(', ')}]`
  if (isList(value))
    return `a list of ${value.length}${value.length > 0 ? `, the first ${describeValue(value[0]!)}` : ''}`
  if (isRecord(value)) return `a dict of ${keysOf(value).slice(0, 8).join(', ') || 'nothing'}`
  return typeof value === 'string' ? 'a string' : String(value)
}

/** For messages, too: a script may name its keys as it likes. */
const keysOf = ({ fields }: ValueRecord): string[] =>
  [...fields.keys()].slice(0, 10).map((key) => printable(key.slice(0, 50)))

export const missing = (key: string, record: ValueRecord): Error =>
  answerErrors.ANSWER_KEY_MISSING({ key, found: keysOf(record) })

/** Before anything is made of each of them. */
export function requireFew(key: string, count: number): void {
  if (count > maxObjects) throw answerErrors.ANSWER_TOO_MANY({ key, count, limit: maxObjects })
}
