import type { FileHandle } from 'node:fs/promises'

/** A file read forward and by leaps, through one window of constant size. */
export interface FileSource {
  readonly byteSize: number
  /** At least `count` bytes at `position` (fewer only at the end of the file), out of the window. Valid until the next call. */
  at(position: number, count: number): Buffer | Promise<Buffer>
}

const windowBytes = 256 * 1024

export function createFileSource(handle: FileHandle, byteSize: number): FileSource {
  const window = Buffer.alloc(windowBytes)
  let start = 0
  let length = 0

  async function load(position: number): Promise<void> {
    start = position
    length = 0
    while (length < windowBytes && position + length < byteSize) {
      const { bytesRead } = await handle.read(window, length, windowBytes - length, position + length)
      if (bytesRead === 0) break
      length += bytesRead
    }
  }

  const view = (position: number): Buffer => window.subarray(position - start, length)

  return {
    byteSize,
    // Synchronous where the window holds it: a graph of a hundred thousand fields would otherwise wait as often.
    at(position, count) {
      if (count > windowBytes) throw new RangeError(`${count} bytes do not fit the window`)
      const wanted = Math.min(count, byteSize - position)
      if (position >= start && position + wanted <= start + length) return view(position)
      return load(position).then(() => view(position))
    },
  }
}
