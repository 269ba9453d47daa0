import { processStart } from '@lakelens/db'
import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import type { Lake } from '../lake'

const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 12)

const host = short(hostname())
/** A folder a process: its name says whose it is, so that what a dead one left can be told from what a live one uses. */
const own = `${host}-${process.pid}-${short(processStart(process.pid) ?? '')}`
/** On machines that share the data folder nothing can be said of another's processes: there only age tells. */
const foreignLifetimeMs = 24 * 60 * 60 * 1000

const scratchRoot = (lake: Lake): string => path.join(lake.models.dataDir, 'scratch')

/** Lends a path that doesn't exist yet, inside a folder that does; whatever is made there is removed afterwards. */
export async function withScratch<T>(lake: Lake, jobId: string, work: (into: string) => Promise<T>): Promise<T> {
  const folder = path.join(scratchRoot(lake), own)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const into = path.join(folder, `${jobId}-${randomUUID()}`)
  try {
    return await work(into)
  } finally {
    await rm(into, { recursive: true, force: true })
  }
}

/** Removes what processes that have ended left behind. */
export async function clearScratch(lake: Lake): Promise<void> {
  const root = scratchRoot(lake)
  const names = await readdir(root).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return []
    throw error
  })
  for (const name of names)
    if (await isLeftOver(path.join(root, name), name)) await rm(path.join(root, name), { recursive: true, force: true })
}

async function isLeftOver(folder: string, name: string): Promise<boolean> {
  if (name === own) return false
  const [, ofHost, pid, start] = /^([0-9a-f]{12})-(\d+)-([0-9a-f]{12})$/.exec(name) ?? []
  if (ofHost === host && pid !== undefined) {
    const present = processStart(Number(pid))
    return present === undefined || short(present) !== start
  }
  const found = await stat(folder).catch(() => null)
  return found !== null && found.mtimeMs < Date.now() - foreignLifetimeMs
}
