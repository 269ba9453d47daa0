import type { Size, TensorSpec } from '@lakelens/vision'
import type { OpenedPackage } from './archive/opened'
import { sizeText } from './archive/errors'
import type { Check, Report } from './report'
import { rules } from './rules'
import { createInspection, type Inspection, type Runtime } from './rules/inspection'
import { packageManifest } from './rules/packageManifest'
import { listed } from './rules/rule'
import { runRules } from './rules/runRules'

/** What an ONNX graph turned out to be when the runtime opened it. */
export interface GraphFacts {
  inputs: TensorSpec[]
  outputs: TensorSpec[]
  /** Null: any multiple of `stride`. */
  fixedResolution: Size | null
  stride: number
  vectorDimension: number | null
  warmupMs: number
}

/**
 * Opens the graph in the real runtime and lets it answer a grey picture. Throws LakeErrors: those whose category blames the
 * package become FAILED checks, any other is thrown on.
 */
export type OpenGraph = (
  file: string,
  model: { manifest: Record<string, unknown>; labels: readonly string[] },
) => Promise<GraphFacts>

export interface ValidateOptions {
  application: 'AUTO_TAGGING' | 'AUTO_ANNOTATION' | 'EMBEDDING'
  /** The interpreter whose parser reads inference.py; null: none, the check is SKIPPED; left out: looked for on the PATH. */
  python?: string | null
  /** Left out: the trial run is SKIPPED. */
  openGraph?: OpenGraph
  /** Lets requirements.txt reach outside of the configured index. */
  allowedRequirementSources?: boolean
  signal?: AbortSignal
}

export interface ValidPackage {
  runtime: Runtime
  /** The keys of model.yaml without labels, license and description; `task` and, for ONNX, `output` filled in. */
  manifest: Record<string, unknown>
  labels: string[]
  license: string | null
  description: string | null
  /** ONNX: the graph, relative to the package's root. */
  modelFile: string | null
  /** PYTHON: one a line, in one way of writing. */
  requirements: string[]
  /** ONNX, when `openGraph` was given. */
  facts: GraphFacts | null
}

/**
 * Judges a package for an application. Never throws for what is in the package: every fault is a FAILED check, and `package`
 * is null unless there is none. Throws the signal's reason, and what `openGraph` throws that is not the package's fault.
 */
export async function validatePackage(
  opened: OpenedPackage,
  options: ValidateOptions,
): Promise<{ report: Report; package: ValidPackage | null }> {
  const started = performance.now()
  const inspection = createInspection(opened, options)
  const checks = [...openingChecks(opened), ...(await runRules(inspection, rules))]
  const ok = checks.every(({ outcome }) => outcome !== 'FAILED')
  const report = { ok, checks, durationMs: Math.round(performance.now() - started) }
  return { report, package: ok ? validPackage(inspection) : null }
}

function validPackage(inspection: Inspection): ValidPackage {
  const { runtime, manifest, labels, requirements, facts } = inspection
  return {
    runtime: runtime!,
    manifest: packageManifest(inspection),
    labels,
    license: manifest?.license ?? null,
    description: manifest?.description ?? null,
    modelFile: runtime === 'ONNX' ? 'model.onnx' : null,
    requirements,
    facts,
  }
}

/** What was done before any rule: a package that could not be opened gets `reportOf` its error. */
function openingChecks({ files, unpackedBytes, ignored }: OpenedPackage): Check[] {
  const base = { outcome: 'PASSED', file: null, line: null, hint: null } as const
  const count = files.length === 1 ? '1 file' : `${files.length} files`
  const read: Check = {
    ...base,
    code: 'archive.read',
    name: 'The package can be read',
    message: `${count}, ${sizeText(unpackedBytes)}`,
  }
  if (ignored.length === 0) return [read]
  const message = `left out: ${listed(ignored)}`
  return [read, { ...base, code: 'archive.litter', name: 'Nothing but the package is taken', message }]
}
