import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { messageOf } from '@lakelens/kernel'
import { z } from 'zod'
import type { PythonSettings } from './settings'

/** A Python as it describes itself. */
export interface Interpreter {
  /** The real program: no shim, no link of a virtual environment. */
  executable: string
  version: string
  /** What compiled packages are made for; together with the version it decides which wheels fit. */
  platform: string
  /** Folders it cannot run without. */
  folders: string[]
  hasPip: boolean
}

const run = promisify(execFile)
const oldest = [3, 9] as const
const answerWithinMs = 20_000

// `base`: of the installation, also when the `python3` of the PATH is that of a virtual environment.
const question = `
import importlib.util, json, os, sys, sysconfig
own = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps({
    "executable": os.path.realpath(own),
    "version": "%d.%d.%d" % sys.version_info[:3],
    "major": sys.version_info[0], "minor": sys.version_info[1],
    "platform": "%s-%s" % (sys.implementation.cache_tag, sysconfig.get_platform()),
    "folders": [sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.__file__)],
    "hasPip": importlib.util.find_spec("pip") is not None,
}))
`

const answerSchema = z.object({
  executable: z.string().startsWith('/'),
  version: z.string(),
  major: z.int(),
  minor: z.int(),
  platform: z.string(),
  folders: z.array(z.string().startsWith('/')),
  hasPip: z.boolean(),
})

/** Asks the configured Python, or the one on the PATH, what it is; says why where there is none that fits. */
export async function findInterpreter(
  settings: Pick<PythonSettings, 'interpreter' | 'searchPath' | 'home'>,
): Promise<Interpreter | { missing: string }> {
  const command = settings.interpreter ?? 'python3'
  try {
    // pyenv's shims need HOME to find the real one.
    const env = { PATH: settings.searchPath, HOME: settings.home }
    const { stdout } = await run(command, ['-I', '-c', question], { env, timeout: answerWithinMs })
    const { major, minor, folders, ...found } = answerSchema.parse(JSON.parse(stdout))
    if (major !== oldest[0] || minor < oldest[1])
      return { missing: `${command} is Python ${found.version}, and ${oldest.join('.')} or newer is needed` }
    return { ...found, folders: [...new Set(folders)] }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { missing: settings.interpreter === null ? 'no python3 is on the PATH' : `${command} does not exist` }
    return { missing: `${command} could not be asked: ${messageOf(error).split('\n', 1)[0]}` }
  }
}
