import type { FileSource } from './fileSource'

/** One field of a message. A length-delimited one is not read: it is told where it lies. */
export interface Field {
  number: number
  wire: number
  /** Of a varint; 0 for the others. */
  value: bigint
  /** Where the content begins, and where it ends. */
  start: number
  end: number
}

/** The bytes are not protobuf, or not as ONNX writes it. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError'
  constructor(
    readonly kind: 'malformed' | 'truncated' | 'endless',
    readonly position: number,
  ) {
    super(`${kind} at byte ${position}`)
  }
}

/** Counts down the fields that may be looked at, so that a file of nothing but tiny fields ends, too. */
export interface Budget {
  left: number
}

const wires = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 }
// A key and a length, ten bytes each at most.
const mostHeadBytes = 20

/** The fields of the message between two offsets, in order. Bytes inside of fields are skipped, not read. */
export async function* fieldsOf(source: FileSource, start: number, end: number, budget: Budget): AsyncGenerator<Field> {
  for (let position = start; position < end;) {
    if (budget.left-- <= 0) throw new ProtobufError('endless', position)
    const held = source.at(position, mostHeadBytes)
    const head = held instanceof Promise ? await held : held
    const field = readField(head, position, end)
    if (field.end > end) throw new ProtobufError(field.end > source.byteSize ? 'truncated' : 'malformed', position)
    yield field
    position = field.end
  }
}

function readField(head: Buffer, position: number, end: number): Field {
  const room = Math.min(head.length, end - position)
  const key = readVarint(head, 0, room, position)
  const wire = Number(key.value & 7n)
  const number = Number(key.value >> 3n)
  const at = position + key.length
  // 4095 lies far beyond what ONNX numbers, and is what text read as protobuf quickly exceeds.
  if (number === 0 || number > 4095) throw new ProtobufError('malformed', position)
  const plain = { number, wire, value: 0n }
  if (wire === wires.fixed64) return { ...plain, start: at, end: at + 8 }
  if (wire === wires.fixed32) return { ...plain, start: at, end: at + 4 }
  if (wire !== wires.varint && wire !== wires.bytes) throw new ProtobufError('malformed', position)
  const { value, length } = readVarint(head, key.length, room, position)
  if (wire === wires.varint) return { ...plain, value, start: at, end: at + length }
  const size = Number(value)
  if (!Number.isSafeInteger(size)) throw new ProtobufError('malformed', position)
  return { ...plain, start: at + length, end: at + length + size }
}

function readVarint(head: Buffer, from: number, room: number, position: number): { value: bigint; length: number } {
  let value = 0n
  for (let length = 0; length < 10; length++) {
    const at = from + length
    if (at >= room) throw new ProtobufError('truncated', position)
    const byte = head[at]!
    value |= BigInt(byte & 0x7f) << BigInt(7 * length)
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), length: length + 1 }
  }
  throw new ProtobufError('malformed', position)
}

const maxTextBytes = 64 * 1024

/** A string field; null when it is longer than any name. */
export async function textOf(source: FileSource, { start, end, wire }: Field): Promise<string | null> {
  if (wire !== wires.bytes) throw new ProtobufError('malformed', start)
  if (end - start > maxTextBytes) return null
  return (await source.at(start, end - start)).toString('utf8', 0, end - start)
}

/** Varints as protobuf's int64 and int32: two's complement of 64 bits. */
export const intOf = ({ value }: Field): number => Number(BigInt.asIntN(64, value))
