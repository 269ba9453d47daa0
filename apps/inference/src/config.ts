import { availableParallelism, homedir, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { booleanVariable, parseEnvironment, portVariable } from '@lakelens/kernel'
import { z } from 'zod'
import type { PythonSettings } from './python/settings'

export interface InferenceConfig {
  host: string
  /** 0: any free one. */
  port: number
  /** Where fetched models are kept; made when missing. */
  dataDir: string
  /** Worker threads, each with sessions of its own. */
  threads: number
  /** What the open models may weigh together; see `models.ts` for how it is counted. */
  memoryMiB: number
  /** Pictures that may wait or run at once. */
  queue: number
  /** Models with `inference.py`; null: none are taken. */
  python: PythonSettings | null
  endWithParent: boolean
  logLevel: string
}

const MiB = 1024 * 1024

// Half of what there is: the rest is decoded pictures, activations and the file cache. In a container the limit of its
// control group is what counts, not the host's memory (a group without one reports 0 or an absurd number).
function defaultMemoryMiB(): number {
  const constrained = process.constrainedMemory()
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem()
  return Math.max(256, Math.floor(memory / 2 / MiB))
}

const count = (least: number, most: number): z.ZodCoercedNumber => z.coerce.number().int().min(least).max(most)

const day = 86_400

const environment = z.object({
  INFERENCE_HOST: z.string().default('127.0.0.1'),
  INFERENCE_PORT: portVariable.default(50051),
  INFERENCE_THREADS: count(1, 256).optional(),
  INFERENCE_MEMORY_MIB: count(16, 16 * MiB).optional(),
  INFERENCE_QUEUE: count(1, 65_536).default(512),
  INFERENCE_PYTHON: z.string().default('auto'),
  INFERENCE_PYTHON_IDLE_SECONDS: count(1, 30 * day).default(600),
  INFERENCE_PYTHON_INSTALL_SECONDS: count(1, day).default(600),
  INFERENCE_PYTHON_INSTALL_MIB: count(1, 16 * MiB).default(20 * 1024),
  INFERENCE_SANDBOX: z.enum(['auto', 'none']).default('auto'),
  LAKELENS_ALLOW_UNSANDBOXED: booleanVariable.default(false),
  LAKELENS_ALLOW_SOURCE_BUILDS: booleanVariable.default(false),
  LAKELENS_ALLOW_REQUIREMENT_SOURCES: booleanVariable.default(false),
  LAKELENS_OFFLINE: booleanVariable.default(false),
  LAKELENS_DATA: z.string().default('.lakelens'),
  LAKELENS_END_WITH_PARENT: z.enum(['0', '1']).default('0'),
  LAKELENS_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
})

/** The only reader of the environment in this program. Throws `EnvironmentError` naming every variable that is wrong. */
export function loadConfig(env: NodeJS.ProcessEnv): Readonly<InferenceConfig> {
  const set = parseEnvironment(environment, env)
  return Object.freeze({
    host: set.INFERENCE_HOST,
    port: set.INFERENCE_PORT,
    dataDir: resolve(set.LAKELENS_DATA, 'inference'),
    // One single-threaded session a core: two of them beat one session of two threads by a quarter at 640 pixels,
    // because the threads of one session spin and fight the decoders.
    threads: set.INFERENCE_THREADS ?? availableParallelism(),
    memoryMiB: set.INFERENCE_MEMORY_MIB ?? defaultMemoryMiB(),
    queue: set.INFERENCE_QUEUE,
    python: pythonSettings(set, env),
    endWithParent: set.LAKELENS_END_WITH_PARENT === '1',
    logLevel: set.LAKELENS_LOG_LEVEL,
  })
}

// What pip and uv read to find an index, and a way to it. They may hold the index's password, so nothing else gets them.
const installVariables =
  /^(PIP_\w+|UV_\w+|(http|https|all|no)_proxy|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|NETRC)$/i

function pythonSettings(set: z.infer<typeof environment>, env: NodeJS.ProcessEnv): PythonSettings | null {
  if (set.INFERENCE_PYTHON === 'off') return null
  const installEnvironment = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value && installVariables.test(name) ? [[name, value]] : [])),
  )
  return Object.freeze({
    interpreter: set.INFERENCE_PYTHON === 'auto' ? null : set.INFERENCE_PYTHON,
    searchPath: env['PATH'] ?? '',
    home: homedir(),
    configHome: env['XDG_CONFIG_HOME'] || join(homedir(), '.config'),
    idleMs: set.INFERENCE_PYTHON_IDLE_SECONDS * 1000,
    installMs: set.INFERENCE_PYTHON_INSTALL_SECONDS * 1000,
    installMiB: set.INFERENCE_PYTHON_INSTALL_MIB,
    useSandbox: set.INFERENCE_SANDBOX === 'auto',
    allowUnsandboxed: set.LAKELENS_ALLOW_UNSANDBOXED,
    allowSourceBuilds: set.LAKELENS_ALLOW_SOURCE_BUILDS,
    allowRequirementSources: set.LAKELENS_ALLOW_REQUIREMENT_SOURCES,
    offline: set.LAKELENS_OFFLINE,
    installEnvironment,
  })
}
