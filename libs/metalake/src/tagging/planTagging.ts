import type { PlannedRun } from '../analysis/dryRun'
import type { ModelAtHand } from '../models'
import type { TaggingOptions } from './options'
import { folded } from './labels'
import { settleTagging } from './settle'

/** What tagging options come to with a model, for a dry run. */
export function planTagging({ facts, labels }: ModelAtHand, options: TaggingOptions): PlannedRun {
  const { videoSampling } = options
  if (facts === null || labels === null) {
    const warnings = saysLabels(options) && labels === null ? ['The labels are checked when the model is opened.'] : []
    return { parameters: { ...options }, digest: null, videoSampling, warnings }
  }
  const settled = settleTagging({ facts, labels }, options)
  const warnings = [
    ...resolutionWarnings(options, settled.parameters.effectiveResolution, facts.fixedResolution !== null),
  ]
  const idle = idleThresholds(options)
  if (idle.length > 0)
    warnings.push(`classThresholds of labels that are left out have no effect: ${idle.slice(0, 5).join(', ')}.`)
  return { parameters: { ...settled.parameters }, digest: settled.digest, videoSampling, warnings }
}

const saysLabels = (options: TaggingOptions): boolean =>
  [options.includeLabels, options.excludeLabels, options.classMapping, options.classThresholds].some(Boolean)

const sizeText = ({ width, height }: { width: number; height: number }): string => `${width} × ${height}`

function resolutionWarnings(
  { inputResolution: asked }: TaggingOptions,
  effective: { width: number; height: number },
  isFixed: boolean,
): string[] {
  if (asked.width === effective.width && asked.height === effective.height) return []
  return [
    isFixed
      ? `The model takes ${sizeText(effective)} only; inputResolution ${sizeText(asked)} has no effect.`
      : `inputResolution ${sizeText(asked)} is rounded up to ${sizeText(effective)}, which the model can take.`,
  ]
}

function idleThresholds({
  includeLabels,
  excludeLabels,
  classMapping,
  classThresholds = [],
}: TaggingOptions): string[] {
  const included = includeLabels && new Set(includeLabels.map(folded))
  const out = new Set([
    ...(excludeLabels ?? []).map(folded),
    ...(classMapping ?? []).flatMap(({ from, to }) => (to === null ? [folded(from)] : [])),
  ])
  return classThresholds
    .map(({ label }) => label)
    .filter((label) => out.has(folded(label)) || (included && !included.has(folded(label))))
}
