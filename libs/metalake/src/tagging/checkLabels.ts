import { errors } from '../errors'
import { folded, type LabelOptions } from './labels'

const mostEntries = 1000
const longestLabel = 200

/** Label options as a job keeps them: there only where something was said. */
export interface StoredLabelOptions {
  includeLabels?: string[]
  excludeLabels?: string[]
  classMapping?: { from: string; to: string | null }[]
  classThresholds?: { label: string; confidenceThreshold: number }[]
}

type Path = readonly string[]

/**
 * Checks label options as far as they can be without the model: sensible names, none twice, nothing both taken and left out,
 * thresholds of 0..1. Throws PARAMETER_INVALID with the path.
 */
export function checkLabelOptions(input: LabelOptions): StoredLabelOptions {
  const { includeLabels, excludeLabels, classMapping, classThresholds } = input
  if (includeLabels != null) {
    if (includeLabels.length === 0) throw refusal(['includeLabels'], 'names at least one label; leave it out for all')
    requireNames(includeLabels, (n) => ['includeLabels', n])
  }
  if (excludeLabels != null) requireNames(excludeLabels, (n) => ['excludeLabels', n])
  requireNoContradiction(includeLabels ?? [], excludeLabels ?? [])
  const mapping = classMapping?.map(({ from, to }) => ({ from, to: to ?? null }))
  if (mapping) {
    requireNames(
      mapping.map((entry) => entry.from),
      (n) => ['classMapping', n, 'from'],
    )
    mapping.forEach(({ to }, n) => to !== null && requireName(to, ['classMapping', String(n), 'to']))
  }
  if (classThresholds != null) {
    requireNames(
      classThresholds.map((entry) => entry.label),
      (n) => ['classThresholds', n, 'label'],
    )
    classThresholds.forEach(({ confidenceThreshold }, n) => {
      if (!(confidenceThreshold >= 0 && confidenceThreshold <= 1))
        throw refusal(['classThresholds', String(n), 'confidenceThreshold'], 'lies between 0 and 1')
    })
  }
  return {
    ...(includeLabels != null && { includeLabels: [...includeLabels] }),
    ...(excludeLabels != null && excludeLabels.length > 0 && { excludeLabels: [...excludeLabels] }),
    ...(mapping &&
      mapping.length > 0 && { classMapping: mapping.map((entry) => ({ ...entry, to: trimmed(entry.to) })) }),
    ...(classThresholds != null &&
      classThresholds.length > 0 && {
        classThresholds: classThresholds.map(({ label, confidenceThreshold }) => ({ label, confidenceThreshold })),
      }),
  }
}

const trimmed = (to: string | null): string | null => to?.trim() ?? null

/** The field as people write it: `classMapping.0.from`. */
const refusal = (path: Path, reason: string) => errors.PARAMETER_INVALID({ field: path.join('.'), reason }, { path })

function requireName(name: string, path: Path): void {
  const length = [...name.trim()].length
  if (length === 0 || length > longestLabel || /[\p{Cc}\p{Cs}]/u.test(name))
    throw refusal(path, `is a label of 1 to ${longestLabel} characters, none of them of control`)
}

function requireNames(names: readonly string[], pathOf: (n: string) => Path): void {
  if (names.length > mostEntries) throw refusal(pathOf('0').slice(0, 1), `has at most ${mostEntries} entries`)
  const seen = new Map<string, number>()
  names.forEach((name, n) => {
    requireName(name, pathOf(String(n)))
    const earlier = seen.get(folded(name))
    if (earlier !== undefined) throw refusal(pathOf(String(n)), `says ${JSON.stringify(name)} again`)
    seen.set(folded(name), n)
  })
}

function requireNoContradiction(include: readonly string[], exclude: readonly string[]): void {
  const included = new Set(include.map(folded))
  const both = exclude.findIndex((name) => included.has(folded(name)))
  if (both === -1) return
  throw refusal(
    ['excludeLabels', String(both)],
    `leaves ${JSON.stringify(exclude[both])} out, which includeLabels asks for`,
  )
}
