import type { Box, Size } from '@lakelens/vision'
import { answerErrors } from './answerErrors'
import type { AnswerContext } from './readObjects'
import { rleBox } from './rle'
import {
  type NumberArray,
  type Value,
  asMatrix,
  asVector,
  describeValue,
  field,
  isList,
  isNumberArray,
  isRecord,
  requireFew,
} from './values'

const maskShapes = 'polygons ([[x, y], …] or [x1, y1, x2, y2, …]), RLE ({size, counts}), or N × H × W'
const leastPolygon = 6
// Of masks that are scores; whole numbers are 0 or 1.
const inside = 0.5

/**
 * Reads `masks`, one an object, and gives the box around each: null where a mask is empty. They are looked into only where
 * the answer has no boxes of its own; their number and their form are judged in any case.
 */
export function readMasks(value: Value, objects: number | null, context: AnswerContext): (Box | null)[] | null {
  if (value === null) return null
  const masks = splitMasks(value)
  if (objects !== null && masks.length !== objects)
    throw answerErrors.ANSWER_LENGTHS_DIFFER({ key: 'masks', length: masks.length, boxes: objects })
  const boxes = masks.map((mask) => maskBox(mask, context))
  return objects === null ? boxes.map((box) => box()) : null
}

const refuse = (value: Value): Error =>
  answerErrors.ANSWER_SHAPE({ key: 'masks', actual: describeValue(value), expected: maskShapes })

function splitMasks(value: Value): readonly Value[] {
  if (isList(value)) {
    requireFew('masks', value.length)
    return value
  }
  if (!isNumberArray(value)) throw refuse(value)
  const { shape, data } = value
  const [count = 0, ...rest] = shape
  requireFew('masks', count)
  // torchvision gives N × 1 × H × W.
  const inner = rest.length === 3 && rest[0] === 1 ? rest.slice(1) : rest
  if (shape.length === 1 && count === 0) return []
  if (inner.length < 1 || inner.length > 2) throw refuse(value)
  const length = inner.reduce((product, side) => product * side, 1)
  const values = data as Float64Array
  return Array.from({ length: count }, (_, i) => ({
    shape: inner,
    data: values.subarray(i * length, (i + 1) * length),
  }))
}

/** Judges a mask's form at once, and finds its box when that is asked for. */
function maskBox(mask: Value, { picture, boxes }: AnswerContext): () => Box | null {
  if (isRecord(mask)) return rleMask(mask, picture, boxes)
  const grid = asGrid(mask)
  if (grid && isBitmap(grid, picture)) return bitmap(grid, picture, boxes)
  const polygons = asPolygons(mask)
  if (!polygons) throw refuse(mask)
  return () => around(polygons)
}

function asGrid(mask: Value): NumberArray | null {
  const matrix = asMatrix(mask)
  return matrix && matrix.rows > 1 ? { shape: [matrix.rows, matrix.columns], data: matrix.data } : null
}

// Rows of numbers are a bitmap or polygons: that of the picture's size is one, and so is what holds nothing but 0 to 1.
function isBitmap({ shape, data }: NumberArray, { width, height }: Size): boolean {
  if (shape[0] === height && shape[1] === width) return true
  if (shape[1] === 2) return false
  for (let i = 0; i < data.length; i++) if (!(data[i]! >= 0 && data[i]! <= 1)) return false
  return true
}

function rleMask(mask: Value, picture: Size, units: AnswerContext['boxes']): () => Box | null {
  if (!isRecord(mask)) throw refuse(mask)
  const size = asVector(field(mask, 'size'))
  const counts = field(mask, 'counts')
  if (size?.length !== 2 || counts === null) throw refuse(mask)
  requireSize({ height: size[0]!, width: size[1]! }, picture)
  const box = rleBox(counts, picture)
  return () => inUnits(box, picture, units)
}

function bitmap({ shape, data }: NumberArray, picture: Size, units: AnswerContext['boxes']): () => Box | null {
  const [height, width] = shape as [number, number]
  requireSize({ width, height }, picture)
  return () => {
    const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity }
    for (let y = 0, at = 0; y < height; y++) {
      for (let x = 0; x < width; x++, at++) {
        if (!(data[at]! > inside)) continue
        if (x < box.x1) box.x1 = x
        if (x >= box.x2) box.x2 = x + 1
        if (y < box.y1) box.y1 = y
        box.y2 = y + 1
      }
    }
    return box.x2 > box.x1 ? inUnits(box, picture, units) : null
  }
}

function requireSize({ width, height }: Size, picture: Size): void {
  if (width === picture.width && height === picture.height) return
  throw answerErrors.ANSWER_MASK_SIZE({
    actual: `${width} × ${height}`,
    expected: `${picture.width} × ${picture.height}`,
  })
}

/** Bitmaps and RLE are in pixels, whatever the boxes are in. */
const inUnits = (box: Box | null, { width, height }: Size, units: AnswerContext['boxes']): Box | null =>
  box && units === 'normalized'
    ? { x1: box.x1 / width, y1: box.y1 / height, x2: box.x2 / width, y2: box.y2 / height }
    : box

/** One polygon flat, one as points, or several of either; a list of x, y, x, y, … each. */
function asPolygons(mask: Value): ArrayLike<number>[] | null {
  const flat = asVector(mask)
  if (flat) return isPolygon(flat) ? [flat] : flat.length === 0 ? [] : null
  const points = asMatrix(mask)
  if (points?.columns === 2) return points.rows >= leastPolygon / 2 ? [points.data] : null
  if (!isList(mask)) return null
  const parts = mask.map(asPolygons)
  return parts.every((part) => part !== null) ? parts.flat() : null
}

const isPolygon = ({ length }: ArrayLike<number>): boolean => length >= leastPolygon && length % 2 === 0

function around(polygons: readonly ArrayLike<number>[]): Box | null {
  const box = { x1: Infinity, y1: Infinity, x2: -Infinity, y2: -Infinity }
  for (const polygon of polygons) {
    for (let i = 0; i < polygon.length; i += 2) {
      const [x, y] = [polygon[i]!, polygon[i + 1]!]
      if (!Number.isFinite(x) || !Number.isFinite(y)) throw answerErrors.ANSWER_NOT_FINITE({ key: 'masks' })
      box.x1 = Math.min(box.x1, x)
      box.x2 = Math.max(box.x2, x)
      box.y1 = Math.min(box.y1, y)
      box.y2 = Math.max(box.y2, y)
    }
  }
  return box.x2 >= box.x1 ? box : null
}
