import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import { messageOf } from '@lakelens/kernel'
import { type BubblewrapOptions, type Confinement, type Mount, bubblewrapArguments } from './bubblewrap'
import type { Interpreter } from './interpreter'
import { probeSandbox } from './probeSandbox'
import { childrenOf, treeUse } from './processTree'
import { seccompFilter } from './seccomp'
import type { PythonSettings } from './settings'
import { createTaskLimit, findTaskGroups } from './taskLimit'

/** A program to run, and all it may have. */
export interface Confined extends Confinement {
  file: string
  args: readonly string[]
  environment: Readonly<Record<string, string>>
}

export interface ConfinedProcess {
  child: ChildProcess
  /** Ends it and everything it started; none of them can refuse. */
  kill(): void
}

export interface Sandbox {
  kind: 'BUBBLEWRAP' | 'NONE'
  /** For people: what was found at the start, and what follows from it. */
  detail: string
  /** Where a confined program finds what is mounted. Without a sandbox: where it lies. */
  place(mount: Mount): string
  start(confined: Confined): Promise<ConfinedProcess>
}

const run = promisify(execFile)

/** Looks for bubblewrap and tries it, by really running the interpreter in it. Never throws: no sandbox is an answer, too. */
export async function findSandbox(settings: PythonSettings, interpreter: Interpreter): Promise<Sandbox> {
  if (!settings.useSandbox) return openAir('INFERENCE_SANDBOX=none says not to use one', settings)
  if (process.platform !== 'linux')
    return openAir(`bubblewrap is a program for Linux, and this is ${process.platform}`, settings)
  const program = await onPath('bwrap', settings.searchPath)
  if (program === null) return openAir('bubblewrap (`bwrap`) is not installed', settings)
  try {
    const { stdout: help } = await run(program, ['--help'], { env: {} })
    const { stdout: version } = await run(program, ['--version'], { env: {} })
    if (!help.includes('--size '))
      return openAir(`${version.trim()} cannot limit the size of /tmp; 0.7 or newer is needed`, settings)
    const strict = help.includes('--disable-userns')
    const options = { interpreter, home: settings.home, disableUserNamespaces: strict }
    const sandbox = await tried(bubblewrap(program, version.trim(), options)).catch((error: unknown) => {
      if (!strict) throw error
      return tried(bubblewrap(program, version.trim(), { ...options, disableUserNamespaces: false }))
    })
    return sandbox
  } catch (error) {
    return openAir(`bubblewrap does not work here: ${firstLine(messageOf(error))}`, settings)
  }

  async function tried(sandbox: Sandbox): Promise<Sandbox> {
    await probeSandbox(sandbox, interpreter)
    return sandbox
  }
}

const firstLine = (text: string): string =>
  text
    .trim()
    .split('\n', 1)[0]!
    .replace(/[\s.]+$/, '')

/** The first such program of a PATH that may be run. */
export async function onPath(name: string, searchPath: string): Promise<string | null> {
  for (const folder of searchPath.split(':').filter(Boolean)) {
    const path = join(folder, name)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return null
}

function bubblewrap(program: string, version: string, options: BubblewrapOptions): Sandbox {
  const taskGroups = findTaskGroups()
  return {
    kind: 'BUBBLEWRAP',
    detail:
      `${version}: a model with inference.py sees its own package, its own requirements and the system's libraries; ` +
      'no other file, process, variable or socket of this machine, and no network.',
    place: ({ at }) => at,
    async start({ file, args, environment, ...confinement }) {
      const filter = seccompFilter()
      const own = [
        ...bubblewrapArguments(confinement, options),
        ...(filter ? ['--seccomp', '3'] : []),
        '--block-fd',
        '4',
      ]
      const child = spawn(program, [...own, '--', file, ...args], {
        stdio: ['pipe', 'pipe', 'pipe', filter ? 'pipe' : 'ignore', 'pipe'],
        env: { HOME: '/tmp', TMPDIR: '/tmp', ...environment },
        cwd: '/',
      })
      const [filterPipe, gate] = [child.stdio[3], child.stdio[4]] as (Writable | null | undefined)[]
      filterPipe?.on('error', () => undefined).end(filter)
      gate?.on('error', () => undefined)
      if (taskGroups !== null && child.pid !== undefined) await limitTasks(taskGroups, child)
      gate?.end('.')
      return { child, kill: () => killNamespace(child) }
    },
  }
}

/**
 * A namespace ends at once, with all that is in it, when its first process does. That one is bubblewrap's child, and bubblewrap
 * asks the kernel to end it with itself, but only once all is set up: killed before that, it would leave its child behind.
 */
function killNamespace(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  // So that it makes none between the look and its end.
  child.kill('SIGSTOP')
  for (const pid of childrenOf(child.pid)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // Gone already.
    }
  }
  child.kill('SIGKILL')
}

/**
 * While bubblewrap waits at its gate no stranger's code runs yet: it, and the processes it has made by then, are put under
 * the limit, and with them all that are to come.
 */
async function limitTasks(folder: string, child: ChildProcess): Promise<void> {
  const limit = createTaskLimit(folder)
  child.once('close', () => void limit.remove())
  try {
    const { pids } = await treeUse(child.pid as number)
    limit.add(pids)
    // One that was made between the look and the limit is made by a process under it no more: everything later is.
    limit.add((await treeUse(child.pid as number)).pids)
  } catch (error) {
    // It ended before it began, which its end tells; anything else must not run without its limit.
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      throw error
    }
  }
}

/** No sandbox: a clean environment, a process group and a folder of its own, and nothing that keeps it there. */
function openAir(reason: string, { allowUnsandboxed }: PythonSettings): Sandbox {
  return {
    kind: 'NONE',
    detail: allowUnsandboxed
      ? `No sandbox: ${reason}. Models with inference.py run with all the rights of this service: its files and the network are in their reach.`
      : `No sandbox: ${reason}. Models with inference.py are refused. Install bubblewrap 0.7 or newer and allow user namespaces, ` +
        'or set LAKELENS_ALLOW_UNSANDBOXED=1 to run them with all the rights of this service.',
    place: ({ from }) => from,
    async start({ file, args, environment, workingFolder }) {
      const scratch = await mkdtemp(join(tmpdir(), 'lakelens-python-'))
      const child = spawn(file, args, {
        stdio: ['pipe', 'pipe', 'pipe'],
        env: { HOME: scratch, TMPDIR: scratch, ...environment },
        cwd: workingFolder,
        detached: true,
      })
      const kill = (): void => killGroup(child)
      // What it left running goes with it, as far as it stayed in its group.
      child.once('exit', kill)
      child.once('close', () => void rm(scratch, { recursive: true, force: true }).catch(() => undefined))
      return { child, kill }
    },
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
}
