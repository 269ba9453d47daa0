import type { TensorSpec } from '@lakelens/inference-client'

/** Where an output format keeps its class scores: the axis, and how many numbers of it are not scores. */
const scores: Readonly<Record<string, { axis: 1 | 2; others: number }>> = {
  yolov5: { axis: 2, others: 5 },
  yolox: { axis: 2, others: 5 },
  yolov8: { axis: 1, others: 4 },
  'yolov8-seg': { axis: 1, others: 4 + 32 },
}

/** How many classes a detector's graph tells apart; null when its shape leaves that open or isn't one of three dimensions. */
export function classCount(output: unknown, outputs: readonly TensorSpec[]): number | null {
  const layout = typeof output === 'string' && Object.hasOwn(scores, output) ? scores[output] : undefined
  const shape = outputs[0]?.shape
  if (!layout || shape?.length !== 3) return null
  const classes = (shape[layout.axis] ?? -1) - layout.others
  return classes > 0 ? classes : null
}
