import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

/** What a folder takes, in MiB; links are counted as links. What vanishes meanwhile takes nothing. */
export async function folderMiB(folder: string): Promise<number> {
  return Math.ceil((await bytesIn(folder)) / (1024 * 1024))
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const entry of entries) {
    const path = join(folder, entry.name)
    // By blocks and not by length: a file may have holes.
    bytes += entry.isDirectory()
      ? await bytesIn(path)
      : await lstat(path).then(
          ({ blocks }) => blocks * 512,
          () => 0,
        )
  }
  return bytes
}
