import type { ByteReader } from './byteReader'
import { archiveError, sizeText } from './errors'
import { maxExtendedHeaderBytes } from './limits'
import { blockBytes, isZero, parseHeader, parsePax, type TarHeader } from './tarHeader'

export type EntryKind = 'file' | 'folder' | 'symbolicLink' | 'hardLink' | 'device' | 'fifo' | 'sparse' | 'unknown'

export interface TarEntry {
  /** Raw: not shown to be UTF-8, nor to stay inside. */
  name: Buffer
  linkName: Buffer
  kind: EntryKind
  /** The type flag, for messages. */
  type: string
  /** 0 for everything but files. */
  size: number
  /** Must be read to its end, or left alone: what is left is skipped. Valid until the next entry is asked for. */
  body: AsyncIterable<Buffer>
}

const kinds: Readonly<Record<string, EntryKind>> = {
  '0': 'file',
  '7': 'file', // "contiguous", which nobody has ever told apart
  '1': 'hardLink',
  '2': 'symbolicLink',
  '3': 'device',
  '4': 'device',
  '5': 'folder',
  '6': 'fifo',
  S: 'sparse',
}

/** What extended headers say about the entry that follows them. */
interface Extended {
  name?: Buffer
  linkName?: Buffer
  size?: number
  sparse?: true
  /** The flags of the headers seen, so that none comes twice. */
  seen: string
}

/**
 * The entries of a tar: v7, ustar, PAX and GNU. A reader of our own because the usual ones, made to read whatever was ever
 * written, gather an extended header of any size in memory, take negative sizes and skip what they do not know; here every
 * doubt is an error, and nothing but one chunk is held.
 */
export async function* readTar(reader: ByteReader): AsyncGenerator<TarEntry> {
  let extended: Extended = { seen: '' }
  for (let number = 1; ; number++) {
    const block = await reader.exactly(blockBytes)
    if (block.length === 0) throw archiveError('ARCHIVE_NO_END')
    if (block.length < blockBytes) throw truncated(`header ${number}`)
    const header = parseHeader(block, `number ${number}`)
    if (header === null) break
    if ('xgLK'.includes(header.type)) {
      extended = await readExtended(reader, header, extended)
      continue
    }
    const entry = await openEntry(reader, header, extended)
    yield entry.entry
    await entry.finish()
    extended = { seen: '' }
  }
  if (extended.seen !== '') throw paxInvalid('no entry follows it')
  for (let rest = await reader.some(); rest !== null; rest = await reader.some())
    if (!isZero(rest)) throw archiveError('ARCHIVE_TRAILING')
}

const truncated = (file: string): Error => archiveError('ARCHIVE_TRUNCATED', { file })
const paxInvalid = (detail: string): Error => archiveError('ARCHIVE_PAX_INVALID', { detail })

async function readExtended(reader: ByteReader, header: TarHeader, before: Extended): Promise<Extended> {
  const { type, size } = header
  // Two in a row have no agreed meaning, and an endless row of them would never reach an entry that is counted.
  if (before.seen.includes(type)) throw paxInvalid('it comes twice for one entry')
  if (size > maxExtendedHeaderBytes) throw archiveError('ARCHIVE_PAX_TOO_LARGE', { detail: sizeText(size) })
  const padded = await reader.exactly(paddedSize(size))
  if (padded.length < paddedSize(size)) throw truncated('an extended header')
  const body = padded.subarray(0, size)
  const next: Extended = { ...before, seen: before.seen + type }
  if (type === 'L') next.name = untilNul(body)
  else if (type === 'K') next.linkName = untilNul(body)
  else applyPax(next, parsePax(body), type === 'g')
  return next
}

function applyPax(next: Extended, records: ReadonlyMap<string, Buffer>, global: boolean): void {
  const keys = [...records.keys()]
  if (global) {
    const key = keys.find((each) => ['path', 'linkpath', 'size'].includes(each) || each.startsWith('GNU.sparse.'))
    if (key !== undefined) throw paxInvalid(`\`${key}\` of every entry at once`)
    return
  }
  if (keys.some((key) => key.startsWith('GNU.sparse.'))) next.sparse = true
  next.name = records.get('path') ?? next.name
  next.linkName = records.get('linkpath') ?? next.linkName
  const size = records.get('size')?.toString('latin1')
  if (size === undefined) return
  if (!/^\d{1,16}$/.test(size) || !Number.isSafeInteger(Number(size))) throw paxInvalid('its size is not a number')
  next.size = Number(size)
}

const untilNul = (bytes: Buffer): Buffer => {
  const end = bytes.indexOf(0)
  return end === -1 ? bytes : bytes.subarray(0, end)
}

const paddedSize = (size: number): number => Math.ceil(size / blockBytes) * blockBytes

async function openEntry(
  reader: ByteReader,
  header: TarHeader,
  extended: Extended,
): Promise<{ entry: TarEntry; finish(): Promise<void> }> {
  const name = extended.name ?? header.name
  const size = extended.size ?? header.size
  const file = name.toString('utf8')
  const slashed = header.type === '0' && name.at(-1) === 0x2f // how archives of the seventies say "folder"
  const kind = extended.sparse ? 'sparse' : slashed ? 'folder' : (kinds[header.type] ?? 'unknown')
  // Some readers skip such data and some take them for the next header: two archives in one.
  if (kind !== 'file' && size > 0 && kind !== 'sparse' && kind !== 'unknown')
    throw archiveError('ARCHIVE_SIZE_INVALID', { file, detail: 'it is not a file, and announces data' })
  const content = kind === 'file' ? createBody(reader, size, file) : null
  const linkName = extended.linkName ?? header.linkName
  return {
    entry: { name, linkName, kind, type: header.type, size, body: content?.body ?? noBytes() },
    finish: content?.finish ?? (() => Promise.resolve()),
  }
}

async function* noBytes(): AsyncGenerator<Buffer> {}

function createBody(
  reader: ByteReader,
  size: number,
  file: string,
): { body: AsyncIterable<Buffer>; finish(): Promise<void> } {
  let missing = size
  async function next(): Promise<Buffer | null> {
    if (missing === 0) return null
    const chunk = await reader.some(missing)
    if (chunk === null) throw truncated(file)
    missing -= chunk.length
    return chunk
  }
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let chunk = await next(); chunk !== null; chunk = await next()) yield chunk
  }
  return {
    body: chunks(),
    async finish() {
      while (missing > 0) await next()
      const padding = paddedSize(size) - size
      if ((await reader.exactly(padding)).length < padding) throw truncated(file)
    },
  }
}
