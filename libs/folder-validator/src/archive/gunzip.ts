import { isLakeError, messageOf } from '@lakelens/kernel'
import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib'
import type { ByteReader } from './byteReader'
import { archiveError } from './errors'

const flags = { headerCrc: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 }
const maxHeaderText = 64 * 1024
// Large enough that the cost of a hop through the event loop is lost in that of inflating.
const outputChunk = 128 * 1024

/**
 * The one member of a gzip file (RFC 1952), unpacked. Stricter than zlib's own reader, which reads members laid end to end as
 * one and ignores what follows them: there, what was checked need not be what another program unpacks. Zeros may follow, as
 * padding.
 */
export async function* gunzip(reader: ByteReader): AsyncGenerator<Buffer> {
  await readHeader(reader)
  let checksum = 0
  let length = 0
  for await (const chunk of inflate(reader)) {
    checksum = crc32(chunk, checksum)
    length += chunk.length
    yield chunk
  }
  const trailer = await reader.exactly(8)
  if (trailer.length < 8) throw archiveError('ARCHIVE_GZIP_TRUNCATED')
  if (trailer.readUInt32LE(0) !== checksum) throw archiveError('ARCHIVE_GZIP_CHECKSUM')
  if (trailer.readUInt32LE(4) !== length % 2 ** 32) throw archiveError('ARCHIVE_GZIP_LENGTH')
  await refuseMore(reader)
}

async function refuseMore(reader: ByteReader): Promise<void> {
  const next = await reader.exactly(2)
  if (next[0] === 0x1f && next[1] === 0x8b) throw archiveError('ARCHIVE_GZIP_CONCATENATED')
  for (let rest: Buffer | null = next; rest !== null; rest = await reader.some()) {
    if (rest.some((byte) => byte !== 0)) throw archiveError('ARCHIVE_GZIP_TRAILING')
  }
}

async function readHeader(reader: ByteReader): Promise<void> {
  let seen = 0
  const take = async (count: number): Promise<Buffer> => {
    const bytes = await reader.exactly(count)
    if (bytes.length < count) throw archiveError('ARCHIVE_GZIP_TRUNCATED')
    seen = crc32(bytes, seen)
    return bytes
  }
  const refuse = (detail: string): Error => archiveError('ARCHIVE_GZIP_HEADER', { detail })
  const fixed = await take(10)
  const flag = fixed[3] ?? 0
  if (fixed[2] !== 8) throw refuse('its method is not DEFLATE')
  if ((flag & flags.reserved) !== 0) throw refuse('reserved flags are set')
  if (flag & flags.extra) await take((await take(2)).readUInt16LE(0))
  for (const text of [flags.name, flags.comment]) {
    if ((flag & text) === 0) continue
    for (let count = 0; (await take(1))[0] !== 0; count++)
      if (count > maxHeaderText) throw refuse('its name never ends')
  }
  const expected = seen & 0xffff
  if (flag & flags.headerCrc && (await take(2)).readUInt16LE(0) !== expected) throw refuse('its checksum is wrong')
}

/** Raw DEFLATE up to its own end; what lies behind it is put back into the reader. */
async function* inflate(reader: ByteReader): AsyncGenerator<Buffer> {
  const engine = createInflateRaw({ chunkSize: outputChunk })
  // Its failure arrives twice, here and from the iteration; the first to be seen is thrown.
  const feeding = feed(reader, engine).catch((error: unknown) => {
    engine.destroy(error as Error)
  })
  try {
    for await (const chunk of engine) yield chunk as Buffer
    await feeding
  } catch (error) {
    throw asArchiveError(error)
  } finally {
    // The feeder isn't waited for: it may wait for a source that has stalled, which is the caller's to end.
    engine.destroy()
  }
}

function asArchiveError(error: unknown): unknown {
  const code = isLakeError(error) ? undefined : (error as NodeJS.ErrnoException).code
  if (code === 'Z_BUF_ERROR') return archiveError('ARCHIVE_GZIP_TRUNCATED', {}, error)
  if (code?.startsWith('Z_')) return archiveError('ARCHIVE_GZIP_DAMAGED', { detail: messageOf(error) }, error)
  return error
}

// One write at a time, so that what the engine leaves untouched can only be the rest of the chunk in hand. An engine that is
// destroyed never calls back: its end is listened for once, for all chunks, since a promise that lives as long as the engine
// and is raced against every write would keep every chunk.
async function feed(reader: ByteReader, engine: InflateRaw): Promise<void> {
  let over = false
  let settle = (_goesOn: boolean): void => undefined
  const onOver = (): void => {
    over = true
    settle(false)
  }
  engine.once('end', onOver).once('close', onOver)
  for (let fed = 0; ;) {
    const chunk = await reader.some()
    if (chunk === null) break
    const goesOn = await new Promise<boolean>((resolve) => {
      settle = resolve
      if (over) resolve(false)
      else engine.write(chunk, (error) => resolve(!error))
    })
    const used = engine.bytesWritten - fed
    if (!goesOn || used < chunk.length) return reader.unread(chunk.subarray(used))
    fed += chunk.length
  }
  engine.end()
}
