import { iou as cornerIou } from '@lakelens/vision'
import type { ItemView } from './lakeClient'

/** Fractions of the picture, top-left origin. */
export interface Box {
  x: number
  y: number
  width: number
  height: number
}

export interface LabelledBox {
  label: string
  confidence: number
  box: Box
}

const corners = ({ x, y, width, height }: Box) => ({ x1: x, y1: y, x2: x + width, y2: y + height })

/** Intersection over union, 0..1. */
export const iou = (a: Box, b: Box): number => cornerIou(corners(a), corners(b))

export interface Agreement {
  /** Boxes of `reference` that were looked for, in all items together. */
  sought: number
  /** Those with a counterpart of the same label at the IoU asked for, each counterpart used once. */
  matched: number
  largestScoreDifference: number
}

/** How far two lists of boxes of the same items agree: for each of `reference` that scores at least `floor`, the best free counterpart. */
export function agreement(
  reference: readonly ItemView[],
  other: readonly ItemView[],
  { floor, minIou }: { floor: number; minIou: number },
): Agreement {
  const result: Agreement = { sought: 0, matched: 0, largestScoreDifference: 0 }
  const byName = new Map(other.map((item) => [item.uniqueName, item.annotations.nodes]))
  for (const { uniqueName, annotations } of reference) {
    const free = new Set(byName.get(uniqueName) ?? [])
    for (const sought of annotations.nodes.filter(({ confidence }) => confidence >= floor)) {
      result.sought++
      const [best] = [...free]
        .filter(({ label, box }) => label === sought.label && iou(box, sought.box) >= minIou)
        .sort((a, b) => iou(b.box, sought.box) - iou(a.box, sought.box))
      if (!best) continue
      free.delete(best)
      result.matched++
      result.largestScoreDifference = Math.max(
        result.largestScoreDifference,
        Math.abs(best.confidence - sought.confidence),
      )
    }
  }
  return result
}
