import { createHash } from 'node:crypto'
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from '@lakelens/kernel'
import { errors } from '../errors'
import { pythonErrors } from './errors'
import { installFailure, redacted } from './installFailure'
import { findInstaller } from './installer'
import type { Interpreter } from './interpreter'
import { runInstaller } from './runInstaller'
import type { Sandbox } from './sandbox'
import type { PythonSettings } from './settings'

/** What a model's requirements became. */
export interface Environment {
  /** Its packages; null: it requires none. */
  folder: string | null
  log: string | null
}

export interface Environments {
  /** Installs once for each list of requirements; callers asking at once share one installation. */
  find(name: string, requirements: readonly string[]): Promise<Environment>
}

export interface EnvironmentsOptions {
  folder: string
  settings: PythonSettings
  interpreter: Interpreter
  sandbox: Sandbox
  log: Logger
}

// What an error carries of the log: errors cross the wire in a header.
const toldLog = 4000
const inside = '/opt/environment'

/** Keeps installed requirements by their digest under `folder`. One that is there is whole: it is renamed into place. */
export async function openEnvironments(options: EnvironmentsOptions): Promise<Environments> {
  await mkdir(options.folder, { recursive: true })
  await removeLeftovers(options.folder)
  const finding = new Map<string, Promise<Environment>>()
  return {
    find(name, requirements) {
      if (requirements.length === 0) return Promise.resolve({ folder: null, log: null })
      const digest = digestOf(requirements, options)
      let found = finding.get(digest)
      if (!found) {
        found = findOne(name, requirements, join(options.folder, digest), options)
        finding.set(digest, found)
        // A failure may pass; whoever cleared the folder gets it installed again.
        void found.catch(() => undefined).finally(() => finding.delete(digest))
      }
      return found
    },
  }
}

/** Where the packages of an environment lie inside the sandbox. */
export const environmentMount = (folder: string): { from: string; at: string } => ({ from: folder, at: inside })

// Packages are compiled for one version of Python on one platform, so those are part of what was installed.
const digestOf = (requirements: readonly string[], { interpreter, settings }: EnvironmentsOptions): string =>
  createHash('sha256')
    .update(
      JSON.stringify([
        [...requirements].sort(),
        interpreter.version,
        interpreter.platform,
        settings.allowSourceBuilds ? 'sources' : 'wheels',
      ]),
    )
    .digest('hex')
    .slice(0, 32)

// While it is installed into, a folder is touched every few seconds (see `runInstaller`).
const deadAfterMs = 600_000

// Of a process that died while installing. Two services on one folder: what is still touched is the other's.
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.part')) continue
    const path = join(folder, name)
    const facts = await stat(path).catch(() => undefined)
    // What still writes there (an installation without a sandbox outlives the service) may keep it from going; the next will.
    if (facts && Date.now() - facts.mtimeMs > deadAfterMs)
      await rm(path, { recursive: true, force: true }).catch(() => undefined)
  }
}

async function findOne(
  name: string,
  requirements: readonly string[],
  folder: string,
  options: EnvironmentsOptions,
): Promise<Environment> {
  const site = join(folder, 'site')
  const logFile = join(folder, 'install.log')
  const log = await readFile(logFile, 'utf8').catch(() => null)
  if (log !== null) return { folder: site, log }
  if (options.settings.offline) throw pythonErrors.MODEL_INSTALL_OFFLINE({ name })
  await removeLeftovers(options.folder)
  const staging = `${folder}.${process.pid}.part`
  try {
    await rm(staging, { recursive: true, force: true })
    for (const part of ['site', 'tmp']) await mkdir(join(staging, part), { recursive: true, mode: 0o700 })
    const installed = await install(name, requirements, staging, options)
    await writeFile(join(staging, 'install.log'), installed)
    await rm(join(staging, 'tmp'), { recursive: true, force: true })
    await rename(staging, folder).catch(async (error: unknown) => {
      // Another service on the same folder was faster; what it installed is the same.
      if ((await readFile(logFile, 'utf8').catch(() => null)) === null) throw error
    })
    return { folder: site, log: installed }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOSPC' || code === 'EDQUOT')
      throw errors.MODEL_STORE_FULL({ name, folder: options.folder }, { cause: error })
    throw error
  } finally {
    await rm(staging, { recursive: true, force: true })
  }
}

/** Returns the log. */
async function install(
  name: string,
  requirements: readonly string[],
  staging: string,
  { settings, interpreter, sandbox, log }: EnvironmentsOptions,
): Promise<string> {
  const installer = await findInstaller(settings, interpreter)
  if (!installer) throw pythonErrors.INSTALLER_MISSING({ name, python: interpreter.executable })
  log.info({ model: name, requirements, installer: installer.file }, 'installing the requirements of a model')
  const started = performance.now()
  const ended = await runInstaller({ installer, requirements, staging, site: inside, sandbox, settings })
  const { stopped, taken } = ended
  const installLog = redacted(ended.log)
  const seconds = Math.round((performance.now() - started) / 1000)
  if (ended.code === 0 && stopped === null) {
    log.info({ model: name, seconds }, 'installed the requirements of a model')
    return installLog
  }
  const told = installLog.slice(-toldLog)
  log.warn({ model: name, seconds, code: ended.code, stopped, installLog: told }, 'an installation failed')
  throw installFailure({ name, stopped, taken, installLog: told, settings })
}
