import { closest } from '../models/known'
import { errors } from '../errors'

/** Which labels of a model a run takes, and what it calls them, as it was said. All of them name the model's own labels, in any case. */
export interface LabelOptions {
  /** Only these. */
  includeLabels?: readonly string[] | null | undefined
  excludeLabels?: readonly string[] | null | undefined
  /** Null drops a label; two labels with one name are merged. */
  classMapping?: readonly { from: string; to?: string | null | undefined }[] | null | undefined
  /** In place of the run's own threshold, for these labels. */
  classThresholds?: readonly { label: string; confidenceThreshold: number }[] | null | undefined
}

/** What label options come to for one model. Null everywhere: as if nothing had been said. */
export interface SettledLabels {
  /** The labels of the model that are taken, in its order; null: all. */
  wanted: readonly string[] | null
  /** By the model's label, 0..1; only those that differ from the run's threshold. */
  thresholds: Readonly<Record<string, number>> | null
  /** From the model's label to another. */
  mapping: Readonly<Record<string, string>> | null
  /** What the run can say in the end, each once; empty where the model itself names no labels. */
  possible: readonly string[]
  /** Those of them that stand for several labels of the model. */
  merged: readonly string[]
}

/**
 * What options mean for a model with these labels. Two ways of saying the same come out the same: a label mapped to null is one
 * left out, a threshold like the run's own is none. Throws LABELS_UNKNOWN with the closest names, and LABELS_NONE_LEFT.
 */
export function settleLabels(
  modelLabels: readonly string[],
  options: LabelOptions,
  confidenceThreshold: number,
): SettledLabels {
  const own = [...new Set(modelLabels)]
  const resolver = resolverOf(own)
  const include = resolver.all(options.includeLabels ?? [], (n) => ['includeLabels', n])
  const exclude = new Set(resolver.all(options.excludeLabels ?? [], (n) => ['excludeLabels', n]).flat())
  const mapped = options.classMapping ?? []
  const from = resolver.all(
    mapped.map((entry) => entry.from),
    (n) => ['classMapping', n, 'from'],
  )
  const target = new Map(from.flatMap((labels, n) => labels.map((label) => [label, mapped[n]?.to ?? null] as const)))
  const perClass = options.classThresholds ?? []
  const thresholdLabels = resolver.all(
    perClass.map((entry) => entry.label),
    (n) => ['classThresholds', n, 'label'],
  )
  const included = options.includeLabels == null ? null : new Set(include.flat())
  const wanted = own.filter(
    (label) => (included?.has(label) ?? true) && !exclude.has(label) && target.get(label) !== null,
  )
  if (wanted.length === 0 && own.length > 0) throw errors.LABELS_NONE_LEFT()
  const thresholds = thresholdLabels.flatMap((labels, n) =>
    labels.map((label) => [label, perClass[n]?.confidenceThreshold ?? confidenceThreshold] as const),
  )
  const isWanted = new Set(wanted)
  const named = namesOf(wanted, target)
  return {
    wanted: wanted.length === own.length ? null : wanted,
    thresholds: recordOf(thresholds.filter(([label, value]) => isWanted.has(label) && value !== confidenceThreshold)),
    mapping: recordOf(wanted.flatMap((label, n) => (named[n] === label ? [] : [[label, named[n] ?? label] as const]))),
    possible: [...new Set(named)],
    merged: [...new Set(named.filter((label, n) => named.indexOf(label) !== n))],
  }
}

/**
 * What wanted labels are called in the end. Labels fold case everywhere, so that `Vehicle` and `vehicle` are one name, as are `Cat`
 * and the `cat` the model says itself: as two they would stand on one object twice. The model's spelling wins, else the first.
 */
function namesOf(wanted: readonly string[], target: ReadonlyMap<string, string | null>): string[] {
  const spelled = new Map<string, string>()
  for (const label of [...wanted].reverse()) if (!target.has(label)) spelled.set(folded(label), label)
  return wanted.map((label) => {
    const name = target.get(label)
    if (name == null) return label
    const known = spelled.get(folded(name)) ?? name
    spelled.set(folded(name), known)
    return known
  })
}

/** Null when empty. Without a prototype: a label may be called `constructor`, or `__proto__`. */
function recordOf<T>(entries: readonly (readonly [string, T])[]): Readonly<Record<string, T>> | null {
  if (entries.length === 0) return null
  const record = Object.create(null) as Record<string, T>
  for (const [key, value] of entries) record[key] = value
  return record
}

interface Resolver {
  /** One list of the model's labels a name, in order: labels that differ only in case share a name that is neither. */
  all(names: readonly string[], path: (n: string) => readonly string[]): string[][]
}

function resolverOf(own: readonly string[]): Resolver {
  const exact = new Set(own)
  const byFolded = new Map<string, string[]>()
  for (const label of own) byFolded.set(folded(label), [...(byFolded.get(folded(label)) ?? []), label])
  const find = (name: string): string[] | null => (exact.has(name) ? [name] : (byFolded.get(folded(name)) ?? null))
  return {
    all(names, path) {
      const unknown = names.filter((name) => find(name) === null)
      const [first] = unknown
      if (first !== undefined) {
        throw errors.LABELS_UNKNOWN(
          { labels: unknown, suggestions: [...new Set(unknown.slice(0, 5).flatMap((name) => closest(name, own)))] },
          { path: path(String(names.indexOf(first))) },
        )
      }
      return names.map((name) => find(name) ?? [])
    },
  }
}

/** As labels are compared everywhere: without case, and without blanks around them. */
export const folded = (label: string): string => label.trim().toLowerCase()
