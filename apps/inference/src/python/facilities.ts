import { join } from 'node:path'
import type { Logger } from '@lakelens/kernel'
import type { ModelFiles } from '../modelFiles'
import { type Environments, openEnvironments } from './environments'
import { pythonErrors } from './errors'
import { type Interpreter, findInterpreter } from './interpreter'
import { type Packages, openPackages } from './packages'
import { type Sandbox, findSandbox } from './sandbox'
import type { PythonSettings } from './settings'

/** What models with `inference.py` need of this machine. */
export interface Facilities {
  interpreter: Interpreter
  sandbox: Sandbox
  environments: Environments
  packages: Packages
}

/** What there is, for people and for `Describe`. */
export interface FoundFacilities {
  runsPython: boolean
  pythonVersion: string
  sandbox: Sandbox['kind']
  detail: string
  /** Throws PYTHON_UNAVAILABLE or SANDBOX_UNAVAILABLE where there are none. */
  facilitiesFor(name: string): Facilities
}

export interface FacilitiesOptions {
  dataDir: string
  files: ModelFiles
  settings: PythonSettings
  log: Logger
}

/** Looks for Python and for a sandbox, once, and says in the log what was found. */
export async function findFacilities(options: FacilitiesOptions): Promise<FoundFacilities> {
  const { settings, log } = options
  const interpreter = await findInterpreter(settings)
  if ('missing' in interpreter) return withoutPython(interpreter.missing, log)
  const sandbox = await findSandbox(settings, interpreter)
  const runsPython = sandbox.kind === 'BUBBLEWRAP' || settings.allowUnsandboxed
  const facts = { python: interpreter.version, executable: interpreter.executable, sandbox: sandbox.kind }
  if (sandbox.kind === 'BUBBLEWRAP') log.info(facts, sandbox.detail)
  else log.warn(facts, sandbox.detail)
  const found = { pythonVersion: interpreter.version, sandbox: sandbox.kind, detail: sandbox.detail }
  if (!runsPython) {
    return {
      ...found,
      runsPython,
      facilitiesFor(name) {
        throw pythonErrors.SANDBOX_UNAVAILABLE({ name, detail: sandbox.detail })
      },
    }
  }
  const facilities: Facilities = {
    interpreter,
    sandbox,
    environments: await openEnvironments({
      ...{ settings, interpreter, sandbox, log },
      folder: join(options.dataDir, 'python'),
    }),
    packages: await openPackages({
      folder: join(options.dataDir, 'packages'),
      files: options.files,
      python: interpreter.executable,
      allowRequirementSources: settings.allowRequirementSources,
    }),
  }
  return { ...found, runsPython, facilitiesFor: () => facilities }
}

/** Also where it is switched off. */
export function withoutPython(reason: string, log: Logger): FoundFacilities {
  log.info({ reason }, 'models with inference.py are not run')
  return {
    runsPython: false,
    pythonVersion: '',
    sandbox: 'NONE',
    detail: `Models with inference.py are not run: ${reason}.`,
    facilitiesFor(name) {
      throw pythonErrors.PYTHON_UNAVAILABLE({ name, reason })
    },
  }
}
