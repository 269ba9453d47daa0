import type { Manifest } from '@lakelens/vision'
import { errors } from '../errors'

/** What the environment says about models with `inference.py`. */
export interface PythonSettings {
  /** Null: `python3` on the PATH. */
  interpreter: string | null
  searchPath: string
  home: string
  /** Where pip's and uv's own configuration lies: XDG_CONFIG_HOME. */
  configHome: string
  /** A process that was not asked anything for so long is stopped. */
  idleMs: number
  /** What one installation of requirements may take. */
  installMs: number
  installMiB: number
  /** False: bubblewrap isn't looked for. */
  useSandbox: boolean
  allowUnsandboxed: boolean
  /** Distributions that must be built are taken, which runs their code while installing. */
  allowSourceBuilds: boolean
  /** Requirements may name addresses and other indexes than the operator's. */
  allowRequirementSources: boolean
  offline: boolean
  /** The operator's configuration of pip and uv, proxies and certificates; for installing only. */
  installEnvironment: Readonly<Record<string, string>>
}

/** The `python` keys of a manifest with everything said. */
export interface EffectivePython {
  input: 'jpeg' | 'png' | 'npy' | 'original'
  timeoutMs: number
  memoryMiB: number
  concurrency: number
}

const defaultTimeoutSeconds = 60
const maxTimeoutSeconds = 3600
const defaultMemoryMiB = 2048
const leastMemoryMiB = 64
const maxConcurrency = 64

/** Fills in what `python` of a manifest leaves out. `memoryMiB`: what all Python models of this service may take together. */
export function effectivePython(name: string, { python = {} }: Manifest, memoryMiB: number): EffectivePython {
  const { input = 'jpeg', timeoutSeconds = defaultTimeoutSeconds, concurrency = 1 } = python
  const asked = python.memoryMiB ?? Math.min(defaultMemoryMiB, memoryMiB)
  const refuse = (reason: string): never => {
    throw errors.MODEL_NOT_SUPPORTED({ name, reason })
  }
  if (timeoutSeconds > maxTimeoutSeconds)
    refuse(`its python.timeoutSeconds is ${timeoutSeconds}; at most ${maxTimeoutSeconds} are allowed`)
  if (concurrency > maxConcurrency)
    refuse(`its python.concurrency is ${concurrency}; at most ${maxConcurrency} are allowed`)
  if (asked < leastMemoryMiB) refuse(`its python.memoryMiB is ${asked}; Python alone needs ${leastMemoryMiB}`)
  if (asked > memoryMiB) throw errors.MODEL_TOO_LARGE({ name, needed: asked * MiB, limit: memoryMiB * MiB })
  return { input, timeoutMs: timeoutSeconds * 1000, memoryMiB: asked, concurrency }
}

const MiB = 1024 * 1024
