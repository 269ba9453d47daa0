import { errors } from '../errors'

const longestHeader = 1024
/** A JPEG of the largest frame taken, at the best quality, has a tenth of this. */
export const maxPartBytes = 256 * 2 ** 20

/**
 * Takes apart what FFmpeg's `mpjpeg` writes: `--ffmpeg`, header lines with `Content-length`, an empty line, that many bytes, an
 * end of line. The length is believed only up to `maxPartBytes`. A part that was begun and not ended is dropped: whoever wrote
 * it was stopped, and says so otherwise.
 */
export async function* partsOf(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const state: { held: Buffer[]; size: number; body: number | null } = { held: [], size: 0, body: null }
  for await (const chunk of source) {
    state.held.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    state.size += chunk.byteLength
    // Joined only when there is enough: a frame that comes in a thousand pieces is copied once.
    while (state.size >= (state.body ?? 1)) {
      const bytes = state.held.length === 1 ? (state.held[0] as Buffer) : Buffer.concat(state.held)
      const taken = state.body === null ? takeHeader(bytes) : { length: state.body, body: null }
      if (taken === null) {
        state.held = [bytes]
        break
      }
      if (state.body !== null) yield bytes.subarray(0, state.body)
      state.held = [bytes.subarray(taken.length)]
      state.size = bytes.byteLength - taken.length
      state.body = taken.body
    }
  }
}

/** Null while the header isn't whole. */
function takeHeader(bytes: Buffer): { length: number; body: number } | null {
  const text = bytes.subarray(0, longestHeader).toString('latin1')
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) {
    if (text.length === longestHeader) throw malformed()
    return null
  }
  const header = /^\r?\n?--ffmpeg\r\n(?:[^\r\n]+\r\n)*Content-length: (\d+)$/i.exec(text.slice(0, end))
  const body = Number(header?.[1] ?? NaN)
  if (!(body > 0 && body <= maxPartBytes)) throw malformed()
  return { length: end + 4, body }
}

const malformed = () => errors.VIDEO_UNREADABLE({ reason: 'the decoder answered in a way nobody understands' })
