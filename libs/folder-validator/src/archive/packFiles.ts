import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { pack } from 'tar-stream'

export interface FileToPack {
  /** `/` between folders. */
  path: string
  data: Uint8Array
}

/** An uncompressed tar of files as they come, streamed; without owners, times or modes: the same files are the same bytes. */
export function packFiles(files: AsyncIterable<FileToPack>): Readable {
  return Readable.from(packed(files), { objectMode: false })
}

async function* packed(files: AsyncIterable<FileToPack>): AsyncGenerator<Buffer> {
  const tar = pack()
  const addAll = async (): Promise<void> => {
    for await (const { path, data } of files) {
      const header = { name: path, size: data.byteLength, mtime: new Date(0), mode: 0o644 }
      const entry = tar.entry(header)
      entry.on('error', () => undefined) // what ends the tar is thrown from there
      entry.end(Buffer.from(data))
      // Waits for the reader: only one file is held at a time.
      await finished(entry)
    }
    tar.finalize()
  }
  const adding = addAll().catch((error: unknown) => tar.destroy(error as Error))
  try {
    for await (const chunk of tar) yield chunk
    await adding
  } finally {
    tar.destroy()
  }
}
