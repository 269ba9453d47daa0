import {
  deriveAllTags,
  insertAnnotations,
  lockItems,
  recordSubjectFailures,
  similarAnnotations,
  touchItems,
  type AnnotationSource,
  type NewAnnotation,
} from '@lakelens/db'
import type { Shape } from '../annotations/shape'
import { isFault, type Found, type FoundAnnotation } from './found'
import type { ImportFile } from './importFile'

export interface ImportCounts {
  /** Annotations that were read, stored or there already. */
  read: number
  failed: number
  /** Failures that are listed one by one. */
  listed: number
}

/** More help nobody to mend a file; the rest is counted. */
const maxListed = 10_000
/** Of a side: a hundredth of a pixel of a thousand. Files round. */
const tolerance = 1e-5

/**
 * Stores what was read, in one transaction that holds the items: what is there already, by whatever import or hand, isn't stored
 * again, so that a file that is read twice, or again after a crash, doubles nothing.
 */
export async function storeFound(
  file: ImportFile,
  source: AnnotationSource,
  found: readonly Found[],
  counts: ImportCounts,
): Promise<void> {
  const faults = found.filter(isFault)
  const annotations = found.filter((one): one is FoundAnnotation => !isFault(one))
  const listed = faults.slice(0, maxListed - counts.listed)
  if (annotations.length + listed.length > 0)
    await file.inTransaction(async (tx) => {
      const present = new Set(await lockItems(tx, [...new Set(annotations.map(({ item }) => item.id))]))
      const wanted = annotations.filter(({ item }) => present.has(item.id)).map((one) => toNew(file, source, one))
      const candidates = await similarAnnotations(tx, wanted, tolerance)
      const known = new Map<number, Shape[]>()
      for (const { index, ...shape } of candidates)
        known.set(index, [...(known.get(index) ?? []), { ...wanted[index]!, ...shape }])
      const fresh: NewAnnotation[] = []
      const seen = new Map<string, NewAnnotation[]>()
      wanted.forEach((one, index) => {
        const alike = seen.get(keyOf(one)) ?? []
        if ([...(known.get(index) ?? []), ...alike].some((other) => isSame(one, other))) return
        fresh.push(one)
        seen.set(keyOf(one), [...alike, one])
      })
      await insertAnnotations(tx, fresh)
      const changed = [...new Set(fresh.map(({ itemId }) => itemId))]
      await deriveAllTags(tx, changed)
      if (changed.length > 0) {
        await touchItems(tx, changed)
        await file.noteProgress(tx)
      }
      await recordSubjectFailures(tx, file.job.id, listed)
    })
  counts.read += annotations.length
  counts.failed += faults.length
  counts.listed += listed.length
}

function toNew({ job }: ImportFile, source: AnnotationSource, found: FoundAnnotation): NewAnnotation {
  return {
    itemId: found.item.id,
    label: found.label,
    source,
    ...found.shape,
    frame: found.frame,
    timestampSeconds: found.timestampSeconds,
    // A person's word has no score.
    confidence: source === 'MACHINE' ? found.confidence : null,
    review: 'PENDING',
    createdBy: job.createdBy,
    jobId: job.id,
  }
}

const keyOf = ({ itemId, label, kind, frame }: NewAnnotation): string => JSON.stringify([itemId, label, kind, frame])

const near = (a: number | null, b: number | null): boolean =>
  a === b || (a !== null && b !== null && Math.abs(a - b) <= tolerance)

function isSame(a: Shape, b: Shape): boolean {
  return (
    near(a.x, b.x) &&
    near(a.y, b.y) &&
    near(a.width, b.width) &&
    near(a.height, b.height) &&
    a.rle === b.rle &&
    sameNumbers(numbersOf(a), numbersOf(b))
  )
}

/** Outlines and points, in order; what separates them counts as a number of its own. */
const numbersOf = ({ polygons, points }: Shape): number[] => [
  ...(points ?? []).flat(),
  ...(polygons ?? []).flatMap(({ outer, holes }) => [
    2,
    ...outer.flat(),
    ...holes.flatMap((hole) => [3, ...hole.flat()]),
  ]),
]

const sameNumbers = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, index) => near(value, b[index]!))
