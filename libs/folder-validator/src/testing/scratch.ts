import { mkdir, mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** A folder of a test's own, with something beside what it unpacks that an escape would show on. */
export interface Scratch {
  folder: string
  into: string
  /** Every path below `folder`, with the kind of each. */
  snapshot(): Promise<string[]>
  remove(): Promise<void>
}

export async function newScratch(): Promise<Scratch> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'lakelens-package-')))
  await mkdir(path.join(folder, 'deep', 'er'), { recursive: true })
  await writeFile(path.join(folder, 'deep', 'neighbour'), 'untouched')
  return {
    folder,
    into: path.join(folder, 'deep', 'er', 'package'),
    async snapshot() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true })
      return entries.map((each) => `${each.isDirectory() ? 'd' : 'f'} ${path.join(each.parentPath, each.name)}`).sort()
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Writes files by path, `/` between folders. */
export async function writeFiles(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [file, data] of Object.entries(files)) {
    const target = path.join(folder, ...file.split('/'))
    await mkdir(path.dirname(target), { recursive: true })
    await writeFile(target, data)
  }
}
