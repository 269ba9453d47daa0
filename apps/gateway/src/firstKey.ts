import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '@lakelens/db'
import { ensureFirstKey } from '@lakelens/metalake'

export interface FirstKey {
  /** As `Authorization: Bearer …` takes it. */
  bearer: string
  path: string
}

/** Where nobody has a key, makes the first one and keeps it in `LAKELENS_DATA/admin-key`, for the owner's eyes alone. */
export async function writeFirstKey(db: Database, dataDir: string): Promise<FirstKey | null> {
  const made = await ensureFirstKey(db)
  if (!made) return null
  const path = join(dataDir, 'admin-key')
  await mkdir(dataDir, { recursive: true })
  const bearer = `${made.key}.${made.secret}`
  await writeFile(path, `${bearer}\n`, { mode: 0o600 })
  // `mode` counts only for a new file: one that lies there from another database keeps its own.
  await chmod(path, 0o600)
  return { bearer, path }
}
