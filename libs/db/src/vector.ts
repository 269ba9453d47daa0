import type { Db } from './db'
import { databaseErrors } from './errors'

/** The most dimensions pgvector's `vector` stores. */
const maxDimension = 16_000

/**
 * One parameter for `$n::vector[]`, to be unnested beside the ids: the wire's binary array, which the driver sends as it is.
 * Eight times the rate of text on Postgres and at least six times on the embedded database (8,100 against 1,100, and 2,500 to
 * 7,600 against 430, vectors of 2048 a second).
 */
export async function vectorArrayParameter(db: Db, vectors: readonly Float32Array[]): Promise<Buffer> {
  vectors.forEach(check)
  const oid = await vectorOid(db)
  const buffer = Buffer.allocUnsafe(20 + vectors.reduce((sum, vector) => sum + 8 + 4 * vector.length, 0))
  // Dimensions of the array, "has nulls", element type; then length and lower bound of its only dimension.
  let offset = buffer.writeInt32BE(vectors.length === 0 ? 0 : 1, 0)
  offset = buffer.writeInt32BE(0, offset)
  offset = buffer.writeUInt32BE(oid, offset)
  if (vectors.length === 0) return buffer.subarray(0, offset)
  offset = buffer.writeInt32BE(vectors.length, offset)
  offset = buffer.writeInt32BE(1, offset)
  for (const vector of vectors) {
    offset = buffer.writeInt32BE(4 + 4 * vector.length, offset)
    offset = buffer.writeUInt16BE(vector.length, offset)
    offset = buffer.writeUInt16BE(0, offset)
    offset = writeFloats(buffer, vector, offset)
  }
  return buffer
}

/**
 * The expression that reads a vector column: its bytes. A third of the time that text takes, on Postgres (7 against 22 ms for
 * 99 vectors of 2048) and, through this driver, on the embedded database too (7 to 13 against 22 to 39 ms).
 */
export const vectorColumn = (column: string): string => `vector_send(${column})`

/** The float32 values, bit by bit as they were stored, of what `vectorColumn` selected. */
export function readVector(value: Buffer): Float32Array {
  const dimension = value.readUInt16BE(0)
  // A copy, because the driver's buffers are shared and seldom aligned to four bytes.
  const bytes = Buffer.from(new Uint8Array(value.subarray(4, 4 + 4 * dimension)).buffer)
  bytes.swap32()
  return new Float32Array(bytes.buffer, bytes.byteOffset, dimension)
}

function writeFloats(buffer: Buffer, vector: Float32Array, offset: number): number {
  const bytes = new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
  buffer.set(bytes, offset)
  // Every machine Node runs on is little-endian; the wire is big-endian.
  buffer.subarray(offset, offset + bytes.byteLength).swap32()
  return offset + bytes.byteLength
}

function check(vector: Float32Array, index: number): void {
  if (vector.length === 0 || vector.length > maxDimension) {
    throw databaseErrors.VECTOR_INVALID({
      index,
      reason: `it has ${vector.length} dimensions, and 1 to ${maxDimension} are possible`,
    })
  }
  const at = vector.findIndex((value) => !Number.isFinite(value))
  if (at >= 0) throw databaseErrors.VECTOR_INVALID({ index, reason: `its value ${at} is ${vector[at]}` })
}

// The type belongs to an extension, so its number differs from database to database, and a transaction may be the first to ask.
const vectorOids = new WeakMap<object, number>()

async function vectorOid(db: Db): Promise<number> {
  const known = vectorOids.get(db.origin)
  if (known !== undefined) return known
  const { rows } = await db.query<{ oid: number }>(`select 'vector'::regtype::oid as oid`)
  const oid = rows[0]!.oid
  vectorOids.set(db.origin, oid)
  return oid
}
