import { availableParallelism, release } from 'node:os'
import { join } from 'node:path'
import { environmentMount } from './environments'
import type { Interpreter } from './interpreter'
import { maxAnswerBytes, maxHeaderBytes } from './process'
import type { Confined, Sandbox } from './sandbox'
import type { EffectivePython } from './settings'
import { maxTasks } from './taskLimit'

/** Our own program that runs somebody's `inference.py`; `src` and `dist` lie side by side, so the path is the same from both. */
const runner = join(__dirname, '..', '..', 'python', 'runner.py')
const MiB = 1024 * 1024
const largestFile = 1024 * MiB
const openFiles = 1024
// Since 5.14 Linux counts them within the sandbox; before, and elsewhere, all threads of the user, so it cannot be small there.
// The watchdog counts the model's own. Nobody is held to it who is root outside (see taskLimit.ts).
const countsWithinSandbox = process.platform === 'linux' && isKernel(5, 14)
const threads = countsWithinSandbox ? maxTasks : 4096
// Reserved and never touched counts for it, which numpy and onnxruntime do. The watchdog holds to the real limit.
const headroomMiB = 1024
const tmpMiB = 256

export interface RunnerPlace {
  sandbox: Sandbox
  interpreter: Interpreter
  /** What holds `code/`. */
  root: string
  /** Of the installed requirements; null: there are none. */
  environment: string | null
}

/** How a model is run: its package where SageMaker puts it, its requirements, and nothing else. */
export function confinedRunner(
  { sandbox, interpreter, root, environment }: RunnerPlace,
  python: EffectivePython,
): Confined {
  const program = { from: runner, at: '/opt/lakelens/runner.py' }
  const model = { from: root, at: '/opt/ml/model' }
  const site = environment === null ? null : environmentMount(environment)
  const confinedWell = sandbox.kind === 'BUBBLEWRAP'
  const settings = {
    modelDir: sandbox.place(model),
    site: site && sandbox.place(site),
    concurrency: python.concurrency,
    maxAnswerBytes,
    maxHeaderBytes,
    endWithParent: !confinedWell,
    limits: {
      RLIMIT_CORE: 0,
      RLIMIT_DATA: (python.memoryMiB + headroomMiB) * MiB,
      RLIMIT_FSIZE: largestFile,
      RLIMIT_NOFILE: openFiles,
      ...(confinedWell ? { RLIMIT_NPROC: threads } : {}),
    },
  }
  return {
    file: interpreter.executable,
    // Isolated, and without the machine's own packages (-S): what a model needs is in its requirements, or it is missing
    // everywhere alike. Unbuffered, so that the last words before a crash are heard.
    args: ['-I', '-S', '-B', '-u', '-X', 'utf8', sandbox.place(program), JSON.stringify(settings)],
    environment: {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      LANG: 'C.UTF-8',
      // Whoever asks for a name gets one, though there is no /etc/passwd.
      USER: 'model',
      LOGNAME: 'model',
      OMP_NUM_THREADS: String(availableParallelism()),
    },
    readOnly: [program, model, ...(site ? [site] : [])],
    writable: [],
    network: false,
    workingFolder: sandbox.place(model),
    tmpMiB,
  }
}

function isKernel(major: number, minor: number): boolean {
  const [is = 0, isMinor = 0] = release().split('.').map(Number)
  return is > major || (is === major && isMinor >= minor)
}
