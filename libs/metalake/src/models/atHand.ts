import { modelVersionByPackage, type ModelVersionWithContent } from '@lakelens/db'
import type { ModelFacts } from '@lakelens/inference-client'
import { isLakeError } from '@lakelens/kernel'
import type { Lake } from '../lake'
import { chooseSource, resolveFor } from './checkModel'
import { packageDigest } from './digest'
import { knownModels, type KnownModel, type Resolved } from './known'
import { locateFile, type LocatedFile } from './locate'
import { obtainFile } from './obtain'
import { prepareModel } from './prepareModel'
import type { RunnableApplication } from './settings'

/** The labels of the model a run would use, in training order, without opening it; null where only its file tells. */
export async function labelsAtHand(
  lake: Lake,
  modelId: string,
  application: RunnableApplication,
): Promise<readonly string[] | null> {
  lake.viewer.require('run')
  const source = await chooseSource(lake, await resolveFor(lake, modelId, application))
  if ('stored' in source) return source.stored.labels
  return (await located(lake, source.known))?.labels ?? source.known.system?.labels ?? null
}

/** What a run would use now. */
export interface ModelAtHand {
  name: string
  /** Null: no version of it was ever opened. */
  version: ModelVersionWithContent | null
  /** Null: it is not known, `why` says why. */
  facts: Pick<ModelFacts, 'fixedResolution' | 'stride'> | null
  labels: readonly string[] | null
  why: string | null
}

/**
 * The version a run would use and what its graph takes. Nothing is fetched. A version that was opened before is taken as it is on
 * record; another is opened for at most `limitMs`, after which it goes without.
 */
export async function modelAtHand(
  lake: Lake,
  modelId: string,
  application: RunnableApplication,
  limitMs: number,
): Promise<ModelAtHand> {
  lake.viewer.require('run')
  const resolved = await resolveFor(lake, modelId, application)
  const source = await chooseSource(lake, resolved)
  const { name } = resolved
  const unknown = { name, version: null, facts: null }
  const signal = AbortSignal.timeout(limitMs)
  let version: ModelVersionWithContent | null
  if ('stored' in source) version = source.stored
  else {
    const file = await located(lake, source.known)
    if (!file) return { ...unknown, labels: source.known.system?.labels ?? null, why: 'its file is not here yet' }
    version = await versionOfFile(lake, resolved, source.known, signal)
    if (!version) return opened(lake, { ...unknown, labels: file.labels, why: null }, modelId, application, signal)
  }
  const { fixedResolution, stride, labels } = version
  const atHand: ModelAtHand = { name, version, facts: null, labels, why: null }
  return stride === null
    ? opened(lake, atHand, modelId, application, signal)
    : { ...atHand, facts: { fixedResolution, stride } }
}

async function opened(
  lake: Lake,
  atHand: ModelAtHand,
  modelId: string,
  application: RunnableApplication,
  signal: AbortSignal,
): Promise<ModelAtHand> {
  try {
    const version = await prepareModel(lake, modelId, application, signal)
    return { ...atHand, version, facts: version.facts, labels: version.labels }
  } catch (error) {
    const passes = isLakeError(error) && (error.category === 'UNAVAILABLE' || error.facts['retryable'] === true)
    if (!signal.aborted && !passes) throw error
    return { ...atHand, why: signal.aborted ? 'it takes longer to open' : 'inference is not available' }
  }
}

async function located(lake: Lake, known: KnownModel): Promise<LocatedFile | null> {
  const { folder } = await knownModels(lake.models)
  return locateFile(lake.models, known, folder)
}

/** Of a file that is here: hashing it is quick, and done once. */
async function versionOfFile(
  lake: Lake,
  { row }: Resolved,
  known: KnownModel,
  signal: AbortSignal,
): Promise<ModelVersionWithContent | null> {
  if (!row) return null
  const { sha256, manifest, labels } = await obtainFile(lake.models, known, { signal })
  return modelVersionByPackage(lake.db, row.id, packageDigest(sha256, manifest, labels))
}
