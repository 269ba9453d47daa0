import { opendir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { messageOf } from '@lakelens/kernel'
import { errors } from '../errors'

/** A file to import. `name` is what the item will be called in its collection. */
export interface LocalFile {
  path: string
  name: string
}

export interface WalkTally {
  /** Files and folders whose name begins with a dot. */
  dotFiles: number
  /** Folders that were not entered, sockets, pipes, devices and links to them. */
  others: number
}

/**
 * The regular files of a folder, one at a time, in the order the file system gives them: a folder of a million pictures
 * costs the memory of one. Links to files are followed, links to folders are not (they may lead in circles).
 * With `recursive`, `a/b.jpg` is called `a_b.jpg`: names are one level deep, as in `<collection>_<file name>`.
 */
export async function* walk(folder: string, recursive: boolean, tally: WalkTally): AsyncGenerator<LocalFile> {
  yield* walkBelow(resolve(folder), '', recursive, tally)
}

async function* walkBelow(
  folder: string,
  prefix: string,
  recursive: boolean,
  tally: WalkTally,
): AsyncGenerator<LocalFile> {
  for await (const entry of await openFolder(folder)) {
    const path = join(folder, entry.name)
    // NFC, because macOS stores names decomposed: the same folder must give the same names everywhere.
    const name = `${prefix}${entry.name}`.normalize('NFC')
    if (entry.name.startsWith('.')) tally.dotFiles++
    else if (entry.isFile() || (entry.isSymbolicLink() && (await leadsToFile(path)))) yield { path, name }
    else if (entry.isDirectory() && recursive) yield* walkBelow(path, `${name}_`, recursive, tally)
    else tally.others++
  }
}

/** How many files `walk` will give, so that progress has a total. Reads names only. */
export async function countFiles(folder: string, recursive: boolean): Promise<number> {
  let count = 0
  for await (const _ of walk(folder, recursive, { dotFiles: 0, others: 0 })) count++
  return count
}

async function openFolder(folder: string): ReturnType<typeof opendir> {
  try {
    return await opendir(folder, { bufferSize: 256 })
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? messageOf(error)
    throw errors.FOLDER_UNREADABLE({ folder, reason }, { cause: error })
  }
}

// A dangling link counts as a file: reading it fails, and it is then listed with the reason.
const leadsToFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => true,
  )
