import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@lakelens/kernel'
import { folderMiB } from './folderSize'
import type { Installer } from './installer'
import type { ConfinedProcess, Sandbox } from './sandbox'
import type { PythonSettings } from './settings'
import { createTail } from './tail'
import { watchTree } from './watchdog'

export interface InstallRun {
  installer: Installer
  requirements: readonly string[]
  /** Holds `site`, which gets the packages, and `tmp`. */
  staging: string
  /** Where `site` lies inside the sandbox. */
  site: string
  sandbox: Sandbox
  settings: PythonSettings
}

export interface InstallEnd {
  code: number | null
  /** Why it was ended: `time`, `space`, or what the watchdog saw; null: it ended by itself. */
  stopped: string | null
  /** The most it took of the disk, in MiB, as far as that was seen. */
  taken: number
  log: string
}

const keptLog = 64 * 1024
const memoryMiB = 4096
// Building what comes as source starts compilers.
const processes = 256
const measureEveryMs = 2000
const closingGraceMs = 500

/** Runs pip or uv in the sandbox, the only run there that has network, within limits of time, memory, processes and disk. */
export async function runInstaller(run: InstallRun): Promise<InstallEnd> {
  const { installMs, installMiB } = run.settings
  const { started, line } = await startInstaller(run)
  const { child, kill } = started
  const tail = createTail(keptLog)
  tail.push(Buffer.from(`${line}\n`))
  let stopped: string | null = null
  let taken = 0
  const stop = (reason: string): void => {
    stopped ??= reason
    kill()
  }
  const timer = setTimeout(stop, installMs, 'time')
  const measuring = setInterval(() => {
    const now = new Date()
    // Tells that it is not of a process that died.
    void utimes(run.staging, now, now).catch(() => undefined)
    void folderMiB(run.staging).then((mib) => {
      taken = Math.max(taken, mib)
      if (mib > installMiB) stop('space')
    })
  }, measureEveryMs)
  const stopWatching = child.pid === undefined ? undefined : watchTree(child.pid, { memoryMiB, processes }, stop)
  try {
    const code = await new Promise<number | null>((resolve) => {
      child.stdin?.on('error', () => undefined).end()
      child.stdout?.on('data', (chunk: Buffer) => tail.push(chunk))
      child.stderr?.on('data', (chunk: Buffer) => tail.push(chunk))
      child.once('error', (error) => {
        tail.push(Buffer.from(messageOf(error)))
        resolve(null)
      })
      child.once('close', resolve)
      // Without a sandbox, what it left behind may hold its pipes open for ever.
      child.once('exit', (code) => void setTimeout(resolve, closingGraceMs, code).unref())
    })
    return { code, stopped, taken, log: tail.text() }
  } finally {
    clearTimeout(timer)
    clearInterval(measuring)
    stopWatching?.()
  }
}

async function startInstaller({
  installer,
  requirements,
  staging,
  site,
  sandbox,
  settings,
}: InstallRun): Promise<{ started: ConfinedProcess; line: string }> {
  const list = { from: join(staging, 'requirements.txt'), at: '/opt/requirements.txt' }
  const target = { from: join(staging, 'site'), at: site }
  const scratch = { from: join(staging, 'tmp'), at: '/tmp' }
  await writeFile(list.from, requirements.join('\n') + '\n')
  const args = installer.args(sandbox.place(list), sandbox.place(target))
  const started = await sandbox.start({
    file: installer.file,
    args,
    environment: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'C.UTF-8',
      // Without a sandbox it finds the operator's configuration where it is.
      ...(sandbox.kind === 'NONE' ? { HOME: settings.home, XDG_CONFIG_HOME: settings.configHome } : {}),
      TMPDIR: sandbox.place(scratch),
      ...installer.environment,
    },
    readOnly: [list, ...installer.mounts],
    writable: [target, scratch],
    network: true,
    workingFolder: sandbox.place(scratch),
    tmpMiB: null,
  })
  return { started, line: [installer.file, ...args].join(' ') }
}
