import { archiveError } from './errors'

export const blockBytes = 512

/** A header block, as it is written: nothing is judged yet but the form of its numbers. */
export interface TarHeader {
  /** Raw, for names must be shown to be UTF-8. */
  name: Buffer
  linkName: Buffer
  /** The character: `0` file, `5` folder, `L` GNU long name, ... */
  type: string
  size: number
}

/** Null for a block of zeros. `where` names the header in an error: "number 3". */
export function parseHeader(block: Buffer, where: string): TarHeader | null {
  if (isZero(block)) return null
  if (readOctal(block, 148, 8) !== checksumOf(block))
    throw archiveError('ARCHIVE_HEADER_CHECKSUM', { detail: where, file: undefined })
  const name = textAt(block, 0, 100)
  const size = readSize(block, name)
  const prefix = block.toString('latin1', 257, 263) === 'ustar\0' ? textAt(block, 345, 155) : Buffer.alloc(0)
  const flag = block[156] ?? 0
  return {
    name: prefix.length > 0 ? Buffer.concat([prefix, Buffer.from('/'), name]) : name,
    linkName: textAt(block, 157, 100),
    type: flag === 0 ? '0' : String.fromCharCode(flag),
    size,
  }
}

/** Whether the block could be the first of a tar: its checksum fits. */
export const isHeader = (block: Buffer): boolean =>
  block.length === blockBytes && (isZero(block) || readOctal(block, 148, 8) === checksumOf(block))

export const isZero = (bytes: Buffer): boolean => bytes.every((byte) => byte === 0)

function textAt(block: Buffer, offset: number, length: number): Buffer {
  const field = block.subarray(offset, offset + length)
  const end = field.indexOf(0)
  return Buffer.from(end === -1 ? field : field.subarray(0, end))
}

// The checksum field itself counts as spaces.
function checksumOf(block: Buffer): number {
  let sum = 8 * 0x20
  for (let i = 0; i < blockBytes; i++) if (i < 148 || i >= 156) sum += block[i]!
  return sum
}

/** Null when the field is not an octal number, spaces before it and NULs or spaces behind. */
function readOctal(block: Buffer, offset: number, length: number): number | null {
  const text = block.toString('latin1', offset, offset + length)
  const digits = /^ *([0-7]*)[ \0]*$/.exec(text)?.[1]
  return digits === undefined ? null : digits === '' ? 0 : Number.parseInt(digits, 8)
}

function readSize(block: Buffer, name: Buffer): number {
  const refuse = (detail: string): Error =>
    archiveError('ARCHIVE_SIZE_INVALID', { file: name.toString('utf8'), detail })
  const first = block[124] ?? 0
  if ((first & 0x80) === 0) {
    const size = readOctal(block, 124, 12)
    if (size === null) throw refuse('it is not an octal number')
    return size
  }
  // GNU's base 256: two's complement, so 0xff leads a negative number.
  if (first !== 0x80) throw refuse('it is negative, or beyond any disk')
  const size = block.subarray(125, 136).reduce((sum, byte) => sum * 256 + byte, 0)
  if (!Number.isSafeInteger(size)) throw refuse('it is beyond any disk')
  return size
}

/** The records of a PAX header: `"<length> <key>=<value>\n"` each, lengths in bytes, the length itself counted. */
export function parsePax(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(0x20, at)
    const digits = space === -1 ? '' : body.toString('latin1', at, space)
    const length = /^[1-9]\d{0,8}$/.test(digits) ? Number(digits) : 0
    const record = body.subarray(space + 1, at + length)
    const equals = record.indexOf(0x3d)
    if (length === 0 || at + length > body.length || record.at(-1) !== 0x0a || equals < 1)
      throw archiveError('ARCHIVE_PAX_INVALID', { detail: `its record at byte ${at} is malformed` })
    records.set(record.toString('utf8', 0, equals), record.subarray(equals + 1, -1))
    at += length
  }
  return records
}
