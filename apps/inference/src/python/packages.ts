import { createReadStream } from 'node:fs'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type OpenedPackage, extractArchive, openFolder, validatePackage } from '@lakelens/folder-validator'
import { isLakeError } from '@lakelens/kernel'
import { errors } from '../errors'
import { type ModelFile, type ModelFiles, removeLeftovers } from '../modelFiles'
import { pythonErrors } from './errors'

export type Application = 'AUTO_TAGGING' | 'AUTO_ANNOTATION' | 'EMBEDDING'

/** A package that was unpacked and judged. */
export interface ReadyPackage {
  /** Absolute: what holds `code/`. */
  root: string
  requirements: string[]
}

export interface Packages {
  /** Fetches, verifies, unpacks and judges a package, each once. Callers asking at once share the work. */
  find(file: ModelFile, application: Application): Promise<ReadyPackage>
}

export interface PackagesOptions {
  folder: string
  files: ModelFiles
  /** Python's own parser judges inference.py. */
  python: string
  allowRequirementSources: boolean
}

/** What is kept beside an unpacked package, so that after a restart it can be told whether it is still the same. */
interface Kept {
  root: string
  contentDigest: string
}

export async function openPackages(options: PackagesOptions): Promise<Packages> {
  const { folder, files } = options
  await mkdir(folder, { recursive: true })
  await removeLeftovers(folder)
  const opening = new Map<string, Promise<OpenedPackage>>()

  const open = async (file: ModelFile): Promise<OpenedPackage> => {
    const target = join(folder, file.sha256)
    const known = await reopen(target)
    if (known) return known
    const opened = await unpack(await files.find(file), target)
    // What is unpacked is all that is needed from now on: weights are not kept twice.
    await files.remove(file)
    return opened
  }

  return {
    async find(file, application) {
      const known = opening.get(file.sha256)
      // Whoever clears the folder while the service runs costs a download, not the model.
      if (known && !(await isThere(known)) && opening.get(file.sha256) === known) opening.delete(file.sha256)
      // Of those who waited with us for one that failed, only the first begins again.
      let opened = opening.get(file.sha256)
      if (!opened) {
        const begun = open(file).catch((error: unknown) => {
          if (opening.get(file.sha256) === begun) opening.delete(file.sha256)
          throw storeError(error, file.name, folder)
        })
        opening.set(file.sha256, (opened = begun))
      }
      return judged(await opened, file.name, application, options)
    },
  }
}

const isThere = (opened: Promise<OpenedPackage>): Promise<boolean> =>
  opened
    .then(({ root }) => stat(join(root, 'code', 'inference.py')))
    .then(
      () => true,
      () => false,
    )

/** What an earlier life of the service unpacked, if nothing of it has changed since. */
async function reopen(target: string): Promise<OpenedPackage | null> {
  try {
    const kept = JSON.parse(await readFile(`${target}.json`, 'utf8')) as Kept
    const opened = await openFolder(join(target, kept.root))
    return opened.contentDigest === kept.contentDigest ? opened : null
  } catch {
    // Not there, not whole, or not readable: it is unpacked again.
    return null
  }
}

async function unpack(archive: string, target: string): Promise<OpenedPackage> {
  const staging = `${target}.${process.pid}.part`
  await rm(staging, { recursive: true, force: true })
  try {
    const opened = await extractArchive(createReadStream(archive), staging)
    const root = relative(staging, opened.root)
    await rm(target, { recursive: true, force: true })
    await rename(staging, target)
    await writeFile(`${target}.json`, JSON.stringify({ root, contentDigest: opened.contentDigest } satisfies Kept))
    return { ...opened, root: join(target, root) }
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

async function judged(
  opened: OpenedPackage,
  name: string,
  application: Application,
  { python, allowRequirementSources }: PackagesOptions,
): Promise<ReadyPackage> {
  const { report, package: valid } = await validatePackage(opened, {
    application,
    python,
    allowedRequirementSources: allowRequirementSources,
  })
  if (!valid) {
    const failed = report.checks.find(({ outcome }) => outcome === 'FAILED')
    const where = failed?.file ? ` (${failed.file}${failed.line === null ? '' : `, line ${failed.line}`})` : ''
    throw pythonErrors.PACKAGE_INVALID({
      name,
      fault: `${failed?.message ?? failed?.name ?? 'it did not pass'}${where}`,
    })
  }
  if (valid.runtime !== 'PYTHON') throw pythonErrors.PACKAGE_INVALID({ name, fault: 'it holds no code/inference.py.' })
  return { root: opened.root, requirements: valid.requirements }
}

function storeError(error: unknown, name: string, folder: string): unknown {
  const code = isLakeError(error) ? error.code : (error as NodeJS.ErrnoException).code
  if (code === 'ENOSPC' || code === 'EDQUOT') return errors.MODEL_STORE_FULL({ name, folder }, { cause: error })
  return error
}
