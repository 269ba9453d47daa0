import { yoloxCells } from './decode'
import { errors } from './errors'
import type { Size } from './geometry'
import type { OutputFormat } from './manifest'

/**
 * Throws OUTPUT_SHAPE_UNEXPECTED unless a detector's output has the shape its format says. Sides of -1 are free and pass, so
 * it serves both when a model is opened (declared shape) and when it has answered (real shape, with `tensor`).
 */
export function requireDetectionShape(
  output: OutputFormat,
  shape: readonly number[],
  classes: number,
  tensor?: Size,
): void {
  const rows = tensor && output === 'yolox' ? yoloxCells(tensor) : -1
  const expected = output === 'yolox' ? [-1, rows, 5 + classes] : [-1, 4 + classes, -1]
  const fits =
    shape.length === expected.length && expected.every((side, i) => side === -1 || shape[i] === -1 || shape[i] === side)
  if (fits) return
  const cells = rows === -1 ? 'n' : String(rows)
  const text = output === 'yolox' ? `[batch, ${cells}, 5 + ${classes}]` : `[batch, 4 + ${classes}, n]`
  throw errors.OUTPUT_SHAPE_UNEXPECTED({ output, expected: text, actual: shape })
}
