/** Takes bytes off a stream of chunks in the amounts that a format wants. Holds one chunk at a time. */
export interface ByteReader {
  /** Exactly `count` bytes, fewer only at the end. For small counts: the bytes are gathered in memory. */
  exactly(count: number): Promise<Buffer>
  /** At least one byte and at most `most`, without a copy; null at the end. */
  some(most?: number): Promise<Buffer | null>
  /** Puts bytes back to be read next. */
  unread(bytes: Buffer): void
}

export function createByteReader(source: AsyncIterable<Uint8Array>): ByteReader {
  const iterator = source[Symbol.asyncIterator]()
  let held: Buffer = Buffer.alloc(0)

  async function fill(): Promise<boolean> {
    while (held.length === 0) {
      const { value, done } = await iterator.next()
      if (done === true) return false
      held = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
    }
    return true
  }

  async function some(most = Number.POSITIVE_INFINITY): Promise<Buffer | null> {
    if (!(await fill())) return null
    const taken = held.subarray(0, Math.min(most, held.length))
    held = held.subarray(taken.length)
    return taken
  }

  return {
    some,
    async exactly(count) {
      if (held.length >= count) return (await some(count)) ?? Buffer.alloc(0)
      const parts: Buffer[] = []
      for (let missing = count; missing > 0;) {
        const part = await some(missing)
        if (part === null) break
        parts.push(part)
        missing -= part.length
      }
      return Buffer.concat(parts)
    },
    unread(bytes) {
      held = held.length === 0 ? bytes : Buffer.concat([bytes, held])
    },
  }
}
