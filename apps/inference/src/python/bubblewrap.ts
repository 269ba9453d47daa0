import { lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Interpreter } from './interpreter'

/** Something of this machine that a confined program sees. */
export interface Mount {
  from: string
  at: string
}

export interface Confinement {
  readOnly: readonly Mount[]
  writable: readonly Mount[]
  /** Only while requirements are installed. */
  network: boolean
  workingFolder: string
  /** Of /tmp, which is memory; null: `writable` brings a /tmp of its own. */
  tmpMiB: number | null
}

export interface BubblewrapOptions {
  interpreter: Interpreter
  home: string
  /** Not allowed everywhere bubblewrap itself is; without it the kernel's namespaces stay in reach. */
  disableUserNamespaces: boolean
}

// Not all of /usr: /usr/local/etc and /usr/src may hold what is nobody's business.
const systemFolders = [
  ...['bin', 'lib', 'lib32', 'lib64', 'libexec', 'share'].map((name) => `/usr/${name}`),
  ...['bin', 'lib', 'lib64', 'share'].map((name) => `/usr/local/${name}`),
]
const systemFiles = [
  // What the loader of shared libraries needs, local time, and which processors there are.
  ...['/etc/ld.so.cache', '/etc/ld.so.conf', '/etc/ld.so.conf.d', '/etc/alternatives', '/etc/localtime'],
  ...['/etc/ssl/openssl.cnf', '/etc/mime.types', '/sys/devices/system/cpu'],
]
/** Names and certificates, for installing. */
const networkFiles = [
  ...['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf', '/etc/gai.conf'],
  ...['/etc/ssl/certs', '/etc/pki/tls', '/etc/pki/ca-trust', '/etc/ca-certificates'],
]
const nobody = '65534'
const sharedMemoryMiB = 64
const MiB = 1024 * 1024

/**
 * The arguments of bubblewrap for a confinement. What is not named here does not exist inside: no home, no /etc/passwd, no
 * socket, no other process, no network. The environment is not among them: bubblewrap is started with the one the program
 * shall have, since its own stays readable inside as /proc/1/environ, `--clearenv` or not, and arguments are seen by all.
 */
export function bubblewrapArguments(confinement: Confinement, options: BubblewrapOptions): string[] {
  const { readOnly, writable, network, workingFolder, tmpMiB } = confinement
  const bind = (how: string) => (path: string) => [how, path, path]
  return [
    ...['--unshare-user', '--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup-try'],
    ...(network ? [] : ['--unshare-net']),
    ...(options.disableUserNamespaces ? ['--disable-userns'] : []),
    ...['--uid', nobody, '--gid', nobody, '--cap-drop', 'ALL', '--hostname', 'model'],
    ...['--die-with-parent', '--new-session'],
    ...systemFolders.flatMap(bind('--ro-bind-try')),
    ...topLevel(),
    ...systemFiles.flatMap(bind('--ro-bind-try')),
    ...(network ? networkFiles.flatMap(bind('--ro-bind-try')) : []),
    ...interpreterFolders(options).flatMap(bind('--ro-bind')),
    // Read-only: a service run by root owns /proc/sys, and one line written there runs a program as root.
    ...['--proc', '/proc', '--remount-ro', '/proc'],
    ...['--dev', '/dev', '--size', String(sharedMemoryMiB * MiB), '--tmpfs', '/dev/shm'],
    ...(tmpMiB === null ? [] : ['--size', String(tmpMiB * MiB), '--tmpfs', '/tmp']),
    ...writable.flatMap(({ from, at }) => ['--bind', from, at]),
    ...readOnly.flatMap(({ from, at }) => ['--ro-bind', from, at]),
    // Both are memory without a limit, and writable, until here.
    ...['--remount-ro', '/dev', '--remount-ro', '/'],
    ...['--chdir', workingFolder],
  ]
}

/** /bin, /lib and their like: links into /usr on most systems, folders on others. */
function topLevel(): string[] {
  return ['/bin', '/lib', '/lib32', '/lib64'].flatMap((path) => {
    const facts = lstatSync(path, { throwIfNoEntry: false })
    if (!facts) return []
    return facts.isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path]
  })
}

/** What of the interpreter lies outside the system's folders: pyenv, conda, uv and Nix keep theirs elsewhere. */
function interpreterFolders({ interpreter, home }: BubblewrapOptions): string[] {
  const within = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)
  const wanted = [...interpreter.folders, interpreter.executable].flatMap((path) => [path, realpathSync(path)])
  // Nix' programs need what they were built with, each in a folder of its own.
  if (wanted.some((path) => within(path, '/nix/store'))) wanted.unshift('/nix/store')
  const bound = [...systemFolders]
  return wanted.filter((path) => {
    // A prefix that would bring a whole home along, or the whole system, is not an installation of its own.
    if (!isAbsolute(path) || path === '/' || path === '/usr' || path === '/usr/local' || within(home, path))
      return false
    if (bound.some((folder) => within(path, folder))) return false
    bound.push(path)
    return true
  })
}
