/** Frames as `runner.py` describes them: two little-endian u32 lengths, a JSON header, a raw body. */
export interface Frame {
  header: Record<string, unknown>
  /** Its own bytes, beginning at a multiple of 8 in their buffer. */
  body: Uint8Array<ArrayBuffer>
}

const headLength = 8

/** What is written for a frame; two pieces, so that a picture is not copied once more. */
export function encodeFrame(header: object, body: Uint8Array): Buffer[] {
  const text = Buffer.from(JSON.stringify(header))
  const head = Buffer.alloc(headLength)
  head.writeUInt32LE(text.length, 0)
  head.writeUInt32LE(body.length, 4)
  return [Buffer.concat([head, text]), Buffer.from(body.buffer, body.byteOffset, body.byteLength)]
}

/** What came is not a frame: the process writes on a pipe that isn't its own to write on, or is broken. */
export class FrameError extends Error {}

/** Of one frame, in bytes; a header costs many times its length once it is parsed, a body nothing. */
export interface FrameLimits {
  frame: number
  header: number
}

/** Takes bytes as they come and gives the frames in them. Never holds more than one frame and a chunk. */
export function createFrameReader(limits: FrameLimits): (chunk: Buffer) => Frame[] {
  let chunks: Buffer[] = []
  let held = 0
  let needed = headLength

  const join = (): Buffer => (chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, held))

  return (chunk) => {
    chunks.push(chunk)
    held += chunk.length
    const frames: Frame[] = []
    // Joined only when something is complete: a large answer comes in thousands of chunks.
    while (held >= needed) {
      const data = join()
      if (needed === headLength) needed = frameLength(data, limits)
      if (held < needed) {
        chunks = [data]
        break
      }
      frames.push(readFrame(data))
      const rest = data.subarray(needed)
      chunks = rest.length > 0 ? [rest] : []
      held = rest.length
      needed = headLength
    }
    return frames
  }
}

function frameLength(data: Buffer, { frame, header }: FrameLimits): number {
  const length = data.readUInt32LE(0) + data.readUInt32LE(4)
  if (length > frame) throw new FrameError(`it announced an answer of ${length} bytes; ${frame} are allowed`)
  if (data.readUInt32LE(0) > header)
    throw new FrameError(`it announced ${data.readUInt32LE(0)} bytes of JSON; ${header} are allowed`)
  return headLength + length
}

function readFrame(data: Buffer): Frame {
  const bodyAt = headLength + data.readUInt32LE(0)
  let header: unknown
  try {
    header = JSON.parse(data.toString('utf8', headLength, bodyAt))
  } catch {
    throw new FrameError('it wrote something that is no answer')
  }
  if (typeof header !== 'object' || header === null) throw new FrameError('it wrote something that is no answer')
  return {
    header: header as Record<string, unknown>,
    body: new Uint8Array(data.subarray(bodyAt, bodyAt + data.readUInt32LE(4))),
  }
}
