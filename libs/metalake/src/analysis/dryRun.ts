import { countWork, recentRates, type RunKeys, type RunRate, type WorkCount } from '@lakelens/db'
import { resolveSelection, selectionOf } from '../items/selection'
import type { AnalysisKind } from '../jobs/kinds'
import type { Lake } from '../lake'
import { atModelId, modelAtHand, type ModelAtHand, type RunnableApplication } from '../models'
import { explainQuery } from '../query'
import { runKeys } from './plan'
import { refuseAws, type AnalysisInput } from './request'

/** What a run would do. */
export interface JobPlan {
  matched: number
  alreadyDone: number
  /** By the same model version, under other parameters only. */
  doneDifferently: number
  toProcess: number
  /** From what this version did lately; null: it did nothing yet of this kind. */
  estimatedSeconds: number | null
  /** By name. */
  modelId: string
  /** Null: no version of it was ever opened. */
  modelVersion: number | null
  platform: 'LOCAL'
  /** Null: there is no query. */
  normalizedQuery: string | null
  /** Effective, defaults filled in. */
  parameters: Record<string, unknown>
  /** For people. */
  warnings: string[]
}

/** What the options of a kind of run come to with a model. */
export interface PlannedRun {
  parameters: Record<string, unknown>
  /** Of what is done to a picture; null: it can't be told before the model is opened. */
  digest: string | null
  videoSampling: unknown
  warnings: string[]
}

/** The model is waited for so long: this answers a person who waits. */
const openingLimitMs = 5_000

/** Counts what a run would match, skip and do, exactly, and starts nothing. Throws what starting it would. */
export async function planAnalysis(
  lake: Lake,
  kind: AnalysisKind,
  application: RunnableApplication,
  input: AnalysisInput,
  planFor: (model: ModelAtHand) => PlannedRun,
): Promise<JobPlan> {
  lake.viewer.require('run')
  refuseAws(input.inferencePlatform)
  const stored = await resolveSelection(lake, input, { unknownNames: 'refuse' })
  const model = await atModelId(modelAtHand(lake, input.modelId ?? 'default', application, openingLimitMs))
  const run = planFor(model)
  const found = await countWork(lake.db, selectionOf(stored), keysOf(model, run))
  const { normalized, warnings: queryWarnings } = explainQuery(stored.query)
  const onExisting = input.onExisting ?? 'SKIP'
  const sum = (of: (count: WorkCount) => number): number => found.reduce((total, count) => total + of(count), 0)
  const toDo = (count: WorkCount): number => count.matched - (onExisting === 'REPLACE' ? 0 : count.done)
  const rates = model.version ? await recentRates(lake.db, model.version.id, kind) : []
  return {
    matched: sum((count) => count.matched),
    alreadyDone: sum((count) => count.done),
    doneDifferently: sum((count) => count.doneDifferently),
    toProcess: sum(toDo),
    estimatedSeconds: estimateSeconds(found, toDo, rates),
    modelId: model.name,
    modelVersion: model.version?.version ?? null,
    platform: 'LOCAL',
    normalizedQuery: normalized,
    parameters: { modelId: model.name, onExisting, inferencePlatform: 'LOCAL', ...run.parameters },
    warnings: [...run.warnings, ...queryWarnings, ...warningsOf(found, model, run)],
  }
}

/** What was never opened has done nothing; what can't be told matches no digest, so that all that was done was done differently. */
const keysOf = ({ version }: ModelAtHand, { digest, videoSampling }: PlannedRun): RunKeys =>
  version && digest !== null
    ? runKeys(version.id, digest, videoSampling)
    : { modelVersionId: version?.id ?? '0', parametersDigest: '', videoDigest: '' }

/** Null when nothing is known of a type that there is work of. Runs over both types stand in for either. */
function estimateSeconds(
  found: readonly WorkCount[],
  toDo: (count: WorkCount) => number,
  rates: readonly RunRate[],
): number | null {
  const rateOf = (contentType: string | null): number | undefined =>
    rates.find((rate) => rate.contentType === contentType)?.itemsPerSecond
  let seconds = 0
  for (const count of found) {
    const rate = rateOf(count.contentType) ?? rateOf(null)
    if (toDo(count) > 0 && !rate) return null
    seconds += rate ? toDo(count) / rate : 0
  }
  return seconds
}

function warningsOf(found: readonly WorkCount[], model: ModelAtHand, { digest, videoSampling }: PlannedRun): string[] {
  const videos = found.find((count) => count.contentType === 'VIDEO')?.matched ?? 0
  const pictures = found.find((count) => count.contentType === 'IMAGE')?.matched ?? 0
  const warnings: string[] = []
  if (videos + pictures === 0) warnings.push('No items match.')
  if (videos > 0 && pictures > 0) warnings.push(`${videos} of the items are videos, ${pictures} are images.`)
  if (videos > 0) warnings.push(`Frames of videos are sampled by ${JSON.stringify(videoSampling)}.`)
  if (model.why !== null) warnings.push(`Model ${model.name} was not opened, because ${model.why}; the run opens it.`)
  if (digest === null && model.version !== null)
    warnings.push('Which items are done under these parameters is not known before the model is opened.')
  return warnings
}
