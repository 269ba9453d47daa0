import { execFile } from 'node:child_process'

export interface Python {
  /** Absolute: the interpreter itself, not a shim that would need an environment to find it. */
  path: string
  /** `3.11.7` */
  version: string
}

const script = 'import sys; print(sys.executable); print("%d.%d.%d" % sys.version_info[:3])'
const timeoutMs = 10_000

/**
 * The interpreter that `inference.py` is read with: `python3` on the PATH, or the one named, 3.9 or newer; null when there is
 * none. Nothing of a package is involved: no site packages, no PYTHON* variables.
 */
export function findPython(named = 'python3'): Promise<Python | null> {
  return new Promise((resolve) => {
    execFile(named, ['-I', '-S', '-c', script], { timeout: timeoutMs, killSignal: 'SIGKILL' }, (error, stdout) => {
      const [path = '', version = ''] = error ? [] : stdout.split(/\r?\n/)
      const [major = 0, minor = 0] = version.split('.').map(Number)
      const usable = path !== '' && (major > 3 || (major === 3 && minor >= 9))
      resolve(usable ? { path, version } : null)
    })
  })
}
