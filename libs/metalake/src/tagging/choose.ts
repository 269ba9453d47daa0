import type { Detection } from '@lakelens/inference-client'
import { nonMaximumSuppression } from '@lakelens/vision'
import type { SettledLabels } from './labels'

export interface ChooseOptions extends SettledLabels {
  /** 0..1 */
  confidenceThreshold: number
  /** 0..1: what two boxes of merged labels may overlap without being one object. */
  nmsIou: number
}

/**
 * What a run keeps of the detections of one picture or frame: those of wanted labels that reach their threshold, under the
 * names the run gives them, best first. The service has left the others out already, before its limit; a threshold is held
 * here all the same, whatever answered.
 *
 * Labels that were merged had been suppressed each for itself: a car that was found as `car` and as `truck` is one `vehicle`.
 * A merged label of the whole picture is said once, with the best score.
 */
export function chooseDetections(detections: readonly Detection[], options: ChooseOptions): Detection[] {
  const { wanted, thresholds, mapping, merged, confidenceThreshold, nmsIou } = options
  const isWanted = wanted && new Set(wanted)
  // Scores are float32: 0.7 as a graph writes it must reach a threshold of 0.7.
  const reaches = ({ label, confidence }: Detection): boolean =>
    confidence >= Math.fround(thresholds?.[label] ?? confidenceThreshold)
  const kept = detections.filter((found) => (isWanted?.has(found.label) ?? true) && reaches(found))
  if (mapping === null) return kept
  const named = kept.map((found) => ({ ...found, label: mapping[found.label] ?? found.label }))
  return withoutDoubles(named, new Set(merged), nmsIou)
}

function withoutDoubles(detections: readonly Detection[], merged: ReadonlySet<string>, nmsIou: number): Detection[] {
  if (merged.size === 0) return [...detections]
  const classIds = new Map([...merged].map((label, id) => [label, id]))
  const candidates = detections.flatMap((found) => {
    const classId = classIds.get(found.label)
    if (classId === undefined || found.box === null) return []
    const { x, y, width, height } = found.box
    return [{ found, classId, score: found.confidence, x1: x, y1: y, x2: x + width, y2: y + height }]
  })
  const kept = new Set(
    nonMaximumSuppression(candidates, { iouThreshold: nmsIou, maxDetections: candidates.length }).map(
      ({ found }) => found,
    ),
  )
  const ofTheWhole = new Set<string>()
  const byConfidence = [...detections].sort((a, b) => b.confidence - a.confidence)
  return byConfidence.filter((found) => {
    if (!merged.has(found.label)) return true
    if (found.box !== null) return kept.has(found)
    return !ofTheWhole.has(found.label) && ofTheWhole.add(found.label)
  })
}
