import { sleep } from '@lakelens/kernel'
import { randomUUID } from 'node:crypto'
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { errors } from './errors'

const recordFile = 'digests.json'
const schema = z.record(z.string(), z.string().regex(/^[0-9a-f]{64}$/))
// Held for two small writes; whoever holds it longer is dead.
const staleMs = 5000

/** What is on record for a file of this folder. A damaged record is an error: forgetting it would trust anything again. */
export async function recordedDigest(folder: string, file: string): Promise<string | null> {
  return (await readRecord(folder))[file] ?? null
}

/** Trusts a file the first time it is seen, and returns the digest to hold it to from then on. */
export async function holdToDigest(folder: string, file: string, sha256: string): Promise<string> {
  const known = await recordedDigest(folder, file)
  if (known !== null) return known
  const lock = path.join(folder, `${recordFile}.lock`)
  await acquire(lock)
  try {
    const record = await readRecord(folder)
    const earlier = record[file]
    if (earlier !== undefined) return earlier
    const temporary = path.join(folder, `${recordFile}.${randomUUID()}`)
    await writeFile(temporary, `${JSON.stringify({ ...record, [file]: sha256 }, null, 2)}\n`)
    await rename(temporary, path.join(folder, recordFile))
    return sha256
  } finally {
    await rm(lock, { force: true })
  }
}

async function readRecord(folder: string): Promise<Record<string, string>> {
  const record = path.join(folder, recordFile)
  let text: string
  try {
    text = await readFile(record, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    return schema.parse(JSON.parse(text))
  } catch (error) {
    throw errors.MODELS_RECORD_DAMAGED({ path: record }, { cause: error })
  }
}

async function acquire(lock: string): Promise<void> {
  for (;;) {
    try {
      await (await open(lock, 'wx')).close()
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const held = await stat(lock).catch(() => null)
    if (held && Date.now() - held.mtimeMs > staleMs) await rm(lock, { force: true })
    else await sleep(20)
  }
}
