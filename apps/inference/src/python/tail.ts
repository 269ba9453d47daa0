import { printable } from './printable'

/** Keeps the last bytes of an endless output, in bounded memory. */
export interface Tail {
  push(chunk: Buffer): void
  text(): string
}

export function createTail(maxBytes: number): Tail {
  let chunks: Buffer[] = []
  let held = 0
  return {
    push(chunk) {
      chunks.push(chunk.length > maxBytes ? chunk.subarray(-maxBytes) : chunk)
      held += chunk.length
      // Joined at twice the size, so that what is thrown away is copied once and not at every chunk.
      if (held > 2 * maxBytes) {
        chunks = [Buffer.from(Buffer.concat(chunks).subarray(-maxBytes))]
        held = chunks[0]!.length
      }
    },
    text: () => printable(Buffer.concat(chunks).subarray(-maxBytes).toString('utf8')),
  }
}
