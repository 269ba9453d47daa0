import {
  deriveTags,
  dropAnnotations,
  pairsWithDecided,
  supersedeAnnotations,
  supersedeResults,
  type Db,
  type DecidedPair,
  type ResultKey,
} from '@lakelens/db'

export interface Findings {
  job: { id: string }
  key: ResultKey
  /** What the run could have said of these items: only machine annotations with these labels are replaced. Empty: not known, so all. */
  labels: readonly string[]
  /** Locked by `lockItems`: another job over the same items waits, and sees what this one wrote. */
  itemIds: readonly string[]
}

/** From how much overlap on a box is taken for one that a person has decided about. */
const sameObjectIou = 0.5

/**
 * Replaces what this model version said of the items by what `insert` writes (pending machine annotations of the job), in the
 * transaction that settles the page: at most one machine result is live per item, model version and label. Marks of other
 * digests that could say any of the labels end; `markDone` is the caller's, for items it read to the end.
 *
 * What a person decided is not said again: a detection that lies where they accepted, rejected or corrected one of the same
 * label (and frame) is dropped, or every run would undo a rejection and double what was accepted. One decision swallows one
 * detection, the one that fits it best: of two objects that overlap, the undecided one stays.
 */
export async function writeFindings(
  tx: Db,
  { job, key, labels, itemIds }: Findings,
  insert: () => Promise<void>,
): Promise<void> {
  const replaced = labels.length > 0 ? labels : null
  await supersedeResults(tx, itemIds, key.modelVersionId, job.id, replaced)
  await supersedeAnnotations(tx, itemIds, key.modelVersionId, job.id, replaced)
  await insert()
  const pairs = await pairsWithDecided(tx, itemIds, key.modelVersionId, job.id, sameObjectIou)
  await dropAnnotations(tx, saidAgain(pairs))
  await deriveTags(tx, itemIds, key.modelVersionId)
}

/** The detections that decisions swallow: pairs are taken best first, each decision and each detection once. */
export function saidAgain(pairs: readonly DecidedPair[]): string[] {
  const used = new Set<string>()
  const dropped = new Set<string>()
  for (const { detectionId, decidedId } of pairs) {
    if (used.has(decidedId) || dropped.has(detectionId)) continue
    used.add(decidedId)
    dropped.add(detectionId)
  }
  return [...dropped]
}
