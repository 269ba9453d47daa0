import { open } from 'node:fs/promises'
import { sniffedBytes, sniffVideo } from '@lakelens/media'
import type { ImportType } from './openCollection'
import type { LocalFile } from './walk'

const lookedAt = 50

/** What a new collection should hold: VIDEO where most of the first files begin as videos do, whatever they are called. */
export async function guessType(files: AsyncIterable<LocalFile>): Promise<ImportType> {
  let [videos, seen] = [0, 0]
  for await (const file of files) {
    if (sniffVideo(await headOf(file.path)) !== null) videos++
    if (++seen === lookedAt) break
  }
  return videos * 2 > seen ? 'VIDEO' : 'IMAGE'
}

/** Empty where the file can't be read: the import says so of it later. */
async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path, 'r').catch(() => null)
  if (file === null) return new Uint8Array()
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(sniffedBytes), position: 0 })
    return buffer.subarray(0, bytesRead)
  } catch {
    return new Uint8Array()
  } finally {
    await file.close()
  }
}
