import { LakeError } from '@lakelens/kernel'
import { errors } from './errors'
import { boxShape, maskShape, pointsShape, polygonShape, wholeShape, type Canvas, type Shape } from './shape'

interface PointInput {
  x: number
  y: number
}

/** A shape as a client draws it, in fractions: exactly one. */
export interface ShapeInput {
  box?: { x: number; y: number; width: number; height: number } | null | undefined
  polygons?:
    readonly { outer: readonly PointInput[]; holes?: readonly (readonly PointInput[])[] | null }[] | null | undefined
  points?: readonly PointInput[] | null | undefined
  rle?: string | null | undefined
}

const pair = ({ x, y }: PointInput): [number, number] => [x, y]

/** Null: a label of the whole item. Throws SHAPE_INVALID and SHAPE_TOO_LARGE with the place in the input. */
export function readShape(input: ShapeInput | null | undefined, canvas: Canvas): Shape {
  if (input == null) return wholeShape
  const given = Object.values(input).filter((value) => value != null)
  if (given.length !== 1)
    throw errors.SHAPE_INVALID(
      { reason: 'give exactly one of `box`, `polygons`, `points` and `rle`' },
      { path: ['shape'] },
    )
  try {
    const { box, polygons, points, rle } = input
    if (box != null) return boxShape([box.x, box.y, box.width, box.height])
    if (polygons != null)
      return polygonShape(
        polygons.map(({ outer, holes }) => ({
          outer: outer.map(pair),
          holes: (holes ?? []).map((hole) => hole.map(pair)),
        })),
      )
    if (points != null) return pointsShape(points.map(pair))
    return maskShape(rle ?? '', canvas)
  } catch (error) {
    throw error instanceof LakeError ? error.at('shape', ...(error.path ?? [])) : error
  }
}
