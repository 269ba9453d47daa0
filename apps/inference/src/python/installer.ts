import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import type { Mount } from './bubblewrap'
import type { Interpreter } from './interpreter'
import { onPath } from './sandbox'
import type { PythonSettings } from './settings'

/** How requirements are installed on this machine. */
export interface Installer {
  file: string
  /** For a requirements file and the folder that is to hold what they name. */
  args(requirements: string, target: string): string[]
  /** The operator's own configuration. */
  environment: Readonly<Record<string, string>>
  mounts: readonly Mount[]
}

/**
 * uv where it is on the PATH, else the interpreter's own pip. Both install into a plain folder (`--target`) instead of a
 * virtual environment: making one of those takes 4 seconds and needs ensurepip, which Debian's Python lacks, and all it
 * would add are scripts that nobody runs.
 */
export async function findInstaller(settings: PythonSettings, interpreter: Interpreter): Promise<Installer | null> {
  const { allowSourceBuilds, installEnvironment } = settings
  const wheelsOnly = allowSourceBuilds ? [] : ['--only-binary', ':all:']
  const configuration = configurationOf(settings, interpreter)
  const uv = await onPath('uv', settings.searchPath)
  if (uv !== null) {
    return {
      file: uv,
      args: (requirements, target) => [
        ...['pip', 'install', '--python', interpreter.executable, '--no-cache', '--no-progress', '--link-mode', 'copy'],
        // Inside, the folder is read-only: what isn't compiled now would be compiled at every start.
        '--compile-bytecode',
        ...[...wheelsOnly, '--target', target, '-r', requirements],
      ],
      environment: { ...installEnvironment, UV_NO_PYTHON_DOWNLOADS: '1' },
      mounts: [...configuration, { from: uv, at: uv }],
    }
  }
  if (!interpreter.hasPip) return null
  return {
    file: interpreter.executable,
    // Not -I: it would make pip ignore PIP_INDEX_URL and its like. What is loaded is Python's own, from read-only folders.
    args: (requirements, target) => [
      ...['-s', '-m', 'pip', 'install', '--no-input', '--no-cache-dir', '--disable-pip-version-check'],
      ...['--root-user-action', 'ignore', '--progress-bar', 'off', '--no-warn-script-location'],
      ...[...wheelsOnly, '--target', target, '-r', requirements],
    ],
    environment: installEnvironment,
    mounts: configuration,
  }
}

/** The files that configure pip and uv, and the files and folders that they, or the variables, name. */
function configurationOf({ home, configHome, installEnvironment }: PythonSettings, { folders }: Interpreter): Mount[] {
  const named = ['PIP_CONFIG_FILE', 'UV_CONFIG_FILE', 'NETRC'].map((name) => installEnvironment[name])
  const files = [
    ...['/etc/pip.conf', '/etc/xdg/pip/pip.conf', '/etc/uv/uv.toml', '/etc/xdg/uv/uv.toml'],
    ...folders.map((folder) => join(folder, 'pip.conf')),
    ...[...named].filter((path) => path !== undefined),
  ].filter((path) => isAbsolute(path) && existsSync(path))
  // Inside, home is /tmp.
  const ofHome = [
    { from: join(configHome, 'pip', 'pip.conf'), at: '/tmp/.config/pip/pip.conf' },
    { from: join(home, '.pip', 'pip.conf'), at: '/tmp/.pip/pip.conf' },
    { from: join(configHome, 'uv', 'uv.toml'), at: '/tmp/.config/uv/uv.toml' },
    { from: join(home, '.netrc'), at: '/tmp/.netrc' },
  ].filter(({ from }) => existsSync(from))
  const texts = [...files, ...ofHome.map(({ from }) => from)].map((path) => readFileSync(path, 'utf8'))
  const mentioned = [...Object.values(installEnvironment), ...texts].flatMap(pathsIn)
  const asTheyAre = [...new Set([...files, ...mentioned])].map((path) => ({ from: path, at: path }))
  return [...asTheyAre, ...ofHome]
}

// A folder of wheels, or a certificate. What lies right below the root is a whole home, or half a system.
const pathsIn = (text: string): string[] =>
  [...text.matchAll(/(?<=^|[\s="':,])(?:file:\/\/)?(\/[^\s"',:/]+\/[^\s"',:]+)/gm)]
    .map(([, path]) => path!)
    .filter((path) => existsSync(path))
