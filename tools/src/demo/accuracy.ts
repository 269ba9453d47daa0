import { readFile } from 'node:fs/promises'
import { iou } from '@lakelens/vision'
import type { DemoBox, DemoPicture } from './page'

/** What is drawn in a picture, by the picture's file name. */
export interface TruthPicture {
  name: string
  shapes: Pick<DemoBox, 'label' | 'box'>[]
}

/** Of the boxes of some pictures, at one IoU and one confidence. */
export interface Accuracy {
  pictures: number
  /** Boxes there are. */
  there: number
  /** Boxes the model gave. */
  said: number
  /** Boxes it gave that are right. */
  right: number
  precision: number
  recall: number
  f1: number
  /** What it missed, by picture. */
  missed: ReadonlyMap<string, TruthPicture['shapes']>
}

/** What was measured of the model on many more fresh pictures than are shown, when it was made. */
export interface FreshAccuracy {
  pictures: number
  mAP50: number
  mAP50_95: number
}

// A box is right when it overlaps one of its label by this much (PASCAL VOC's criterion, the first of COCO's ten).
export const requiredIou = 0.5

/**
 * Holds the boxes of each picture against the truth: the surest first, each may answer for one true box of its label, the
 * one that it overlaps most among those still free. Every picture of the truth counts, also one that was not analysed.
 */
export function scoreBoxes(pictures: readonly DemoPicture[], truth: readonly TruthPicture[]): Accuracy {
  const found = new Map(pictures.map(({ name, boxes }) => [name, boxes]))
  const missed = new Map(truth.map(({ name, shapes }) => [name, missedOf(shapes, found.get(name) ?? [])]))
  const sum = (counts: number[]): number => counts.reduce((total, count) => total + count, 0)
  const there = sum(truth.map(({ shapes }) => shapes.length))
  const said = sum(truth.map(({ name }) => found.get(name)?.length ?? 0))
  const right = there - sum([...missed.values()].map((shapes) => shapes.length))
  return {
    pictures: truth.length,
    there,
    said,
    right,
    precision: said === 0 ? 0 : right / said,
    recall: there === 0 ? 0 : right / there,
    f1: there + said === 0 ? 0 : (2 * right) / (there + said),
    missed,
  }
}

function missedOf(shapes: TruthPicture['shapes'], boxes: readonly DemoBox[]): TruthPicture['shapes'] {
  const free = new Set(shapes)
  for (const { label, box } of [...boxes].sort((a, b) => b.confidence - a.confidence)) {
    const overlaps = [...free]
      .filter((shape) => shape.label === label)
      .map((shape) => ({ shape, overlap: iou(corners(box), corners(shape.box)) }))
    const best = overlaps.sort((a, b) => b.overlap - a.overlap)[0]
    if (best && best.overlap >= requiredIou) free.delete(best.shape)
  }
  return [...free]
}

const corners = ({ x, y, width, height }: DemoBox['box']) => ({ x1: x, y1: y, x2: x + width, y2: y + height })

/** The truth of the pictures in `examples/shapes`, as `tools/training/draw_shapes.py` wrote it when it drew them. */
export async function readTruth(file: string): Promise<TruthPicture[]> {
  return (JSON.parse(await readFile(file, 'utf8')) as { pictures: TruthPicture[] }).pictures
}

/** From `accuracy.json` beside the shipped models, at the input size that the demo uses. */
export async function readFreshAccuracy(file: string, inputSide: number): Promise<FreshAccuracy | null> {
  const { 'shapes-detector': detector } = JSON.parse(await readFile(file, 'utf8')) as {
    'shapes-detector': { pictures: number; measured: ({ inputSide: number } & Omit<FreshAccuracy, 'pictures'>)[] }
  }
  const measured = detector.measured.find((one) => one.inputSide === inputSide)
  return measured ? { ...measured, pictures: detector.pictures } : null
}

/** How right the boxes are and how that was measured, for the terminal and the page alike. */
export function accuracyLines(accuracy: Accuracy, fresh: FreshAccuracy | null, confidence: number): string[] {
  const { pictures, there, said, right, precision, recall, f1 } = accuracy
  const share = (value: number): string => value.toFixed(3)
  return [
    `Accuracy on these ${pictures} pictures, which the model never saw: precision ${share(precision)}, recall ${share(recall)}, F1 ${share(f1)}.`,
    `Measured just now against what was drawn: ${right} of ${there} shapes found, ${said - right} of ${said} boxes wrong, at IoU ${requiredIou} and confidence ${confidence}.`,
    ...(fresh
      ? [
          `On ${fresh.pictures} more fresh pictures, when the model was made: mAP50 ${share(fresh.mAP50)}, mAP50-95 ${share(fresh.mAP50_95)}.`,
        ]
      : []),
  ]
}
