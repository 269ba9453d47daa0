import type { AnnotationKind, AnnotationRow, PolygonShape } from '@lakelens/db'
import { decodeRle, maskBounds, pointsBounds, polygonsArea, polygonsBounds, type RunLengths } from '@lakelens/vision'
import { errors } from './errors'

/** A shape as it is stored: in fractions of the upright picture; x to height are the box around it. */
export type Shape = Pick<AnnotationRow, 'kind' | 'x' | 'y' | 'width' | 'height' | 'polygons' | 'points' | 'rle'>
export type PointList = [number, number][]

/** What a shape is drawn on, in pixels; null where nobody knows. */
export interface Canvas {
  width: number | null
  height: number | null
}

const maxPolygonPoints = 10_000
const maxPolygons = 1_000
const maxPoints = 1_000
/** Characters: a mask with a hundred thousand borders. */
const maxRleLength = 1_000_000
const maxLabelLength = 200

export const wholeShape: Shape = {
  kind: 'LABEL',
  x: null,
  y: null,
  width: null,
  height: null,
  polygons: null,
  points: null,
  rle: null,
}

/** The label without the blanks around it; throws LABEL_INVALID. */
export function checkLabel(label: string): string {
  const trimmed = label.trim()
  if (trimmed === '') throw errors.LABEL_INVALID({ reason: 'it is empty' }, { path: ['label'] })
  const { length } = [...trimmed]
  if (length > maxLabelLength)
    throw errors.LABEL_INVALID(
      { reason: `it has ${length} characters; ${maxLabelLength} is the limit` },
      { path: ['label'] },
    )
  // Unpaired surrogates are not text: no database stores them.
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(trimmed))
    throw errors.LABEL_INVALID({ reason: 'it holds control characters' }, { path: ['label'] })
  return trimmed
}

/**
 * How far beyond the borders a file may draw, in fractions a side: rounding puts coordinates there. What is within is cut to the
 * picture, what is beyond is refused. `none` for people's own drawing, but for the last digits of a float.
 */
export interface Slack {
  x: number
  y: number
}
const none: Slack = { x: 1e-9, y: 1e-9 }

const refuse = (reason: string, ...path: string[]): Error => errors.SHAPE_INVALID({ reason }, { path })

function cut(value: number, slack: number, ...path: string[]): number {
  if (!Number.isFinite(value)) throw refuse('a coordinate is no finite number', ...path)
  if (value < -slack || value > 1 + slack)
    throw refuse('it leaves the picture; coordinates are fractions from 0 to 1', ...path)
  return Math.min(1, Math.max(0, value))
}

/** x, y, width, height in fractions. Throws SHAPE_INVALID unless it lies within the picture and has an area. */
export function boxShape([x, y, width, height]: readonly [number, number, number, number], slack: Slack = none): Shape {
  if (![x, y, width, height].every(Number.isFinite)) throw refuse('a side of the box is no finite number', 'box')
  if (!(width > 0 && height > 0)) throw refuse('the box has no area', 'box')
  const [left, right] = [cut(x, slack.x, 'box'), cut(x + width, slack.x, 'box')]
  const [top, bottom] = [cut(y, slack.y, 'box'), cut(y + height, slack.y, 'box')]
  if (!(right > left && bottom > top)) throw refuse('the box has no area inside the picture', 'box')
  // As it was said where nothing was cut: a box must come back as it was drawn.
  const box =
    left === x && top === y && right === x + width && bottom === y + height
      ? { x, y, width, height }
      : { x: left, y: top, width: right - left, height: bottom - top }
  return { ...wholeShape, kind: 'BOX', ...box }
}

function ringOf(ring: readonly (readonly [number, number])[], slack: Slack, ...path: string[]): PointList {
  // A ring that says its first point again at the end is the ring without it.
  const [first, last] = [ring[0], ring.at(-1)]
  const isClosed = ring.length > 3 && first && last && first[0] === last[0] && first[1] === last[1]
  const open = isClosed ? ring.slice(0, -1) : ring
  if (open.length < 3) throw refuse(`an outline has at least 3 points, not ${open.length}`, ...path)
  return open.map(([x, y], index): [number, number] => [
    cut(x, slack.x, ...path, String(index), 'x'),
    cut(y, slack.y, ...path, String(index), 'y'),
  ])
}

interface DrawnPolygon {
  outer: readonly (readonly [number, number])[]
  holes: readonly (readonly (readonly [number, number])[])[]
}

/** Outlines with holes, in fractions. Throws SHAPE_INVALID or SHAPE_TOO_LARGE. */
export function polygonShape(drawn: readonly DrawnPolygon[], slack: Slack = none): Shape {
  if (drawn.length === 0) throw refuse('there is no outline', 'polygons')
  if (drawn.length > maxPolygons)
    throw errors.SHAPE_TOO_LARGE(
      { what: 'outlines', limit: maxPolygons, received: drawn.length },
      { path: ['polygons'] },
    )
  const count = drawn.reduce(
    (sum, { outer, holes }) => holes.reduce((n, hole) => n + hole.length, sum + outer.length),
    0,
  )
  if (count > maxPolygonPoints)
    throw errors.SHAPE_TOO_LARGE({ what: 'points', limit: maxPolygonPoints, received: count }, { path: ['polygons'] })
  const polygons = drawn.map(({ outer, holes }, index): PolygonShape => {
    const path = ['polygons', String(index)]
    return {
      outer: ringOf(outer, slack, ...path, 'outer'),
      holes: holes.map((hole, n) => ringOf(hole, slack, ...path, 'holes', String(n))),
    }
  })
  const bounds = polygonsBounds(polygons)
  if (!bounds || !(polygonsArea(polygons) > 0)) throw refuse('the outline has no area', 'polygons')
  return {
    ...wholeShape,
    kind: 'POLYGON',
    x: bounds.left,
    y: bounds.top,
    width: bounds.width,
    height: bounds.height,
    polygons,
  }
}

/** Points, in fractions; the box around them may be flat. */
export function pointsShape(drawn: readonly (readonly [number, number])[], slack: Slack = none): Shape {
  if (drawn.length === 0) throw refuse('there are no points', 'points')
  if (drawn.length > maxPoints)
    throw errors.SHAPE_TOO_LARGE({ what: 'points', limit: maxPoints, received: drawn.length }, { path: ['points'] })
  const points = drawn.map(([x, y], index): [number, number] => [
    cut(x, slack.x, 'points', String(index), 'x'),
    cut(y, slack.y, 'points', String(index), 'y'),
  ])
  const { left: x, top: y, width, height } = pointsBounds(points)!
  return { ...wholeShape, kind: 'POINTS', x, y, width, height, points }
}

/** A mask by COCO's compressed code, in the pixels of the item. */
export function maskShape(rle: string, canvas: Canvas): Shape {
  const { width, height } = canvas
  if (width === null || height === null) throw refuse('the size of the item is not known, and a mask needs it', 'rle')
  if (rle.length > maxRleLength)
    throw errors.SHAPE_TOO_LARGE({ what: 'characters', limit: maxRleLength, received: rle.length }, { path: ['rle'] })
  let mask: RunLengths
  try {
    mask = decodeRle(rle, { width, height })
  } catch (error) {
    const { facts } = error as { facts?: { reason?: unknown } }
    throw errors.SHAPE_INVALID({ reason: String(facts?.reason ?? error) }, { path: ['rle'], cause: error })
  }
  const bounds = maskBounds(mask)
  if (!bounds) throw refuse('the mask is empty', 'rle')
  return {
    ...wholeShape,
    kind: 'MASK',
    x: bounds.left / width,
    y: bounds.top / height,
    width: bounds.width / width,
    height: bounds.height / height,
    rle,
  }
}

/** A frame of a video and its time; both null for pictures. Throws FRAME_INVALID. */
export function placeInTime(
  frame: number | null,
  item: { contentType: string; frameCount: number | null; frameRate: number | null },
): { frame: number | null; timestampSeconds: number | null } {
  if (frame === null) return { frame: null, timestampSeconds: null }
  const say = (reason: string): Error => errors.FRAME_INVALID({ reason }, { path: ['frame'] })
  if (item.contentType !== 'VIDEO') throw say('the item is no video')
  if (!Number.isSafeInteger(frame) || frame < 0 || frame > 2 ** 31 - 1) throw say('it is a whole number from 0')
  if (item.frameCount !== null && frame >= item.frameCount)
    throw say(`the video has ${item.frameCount} frames, and the first is 0`)
  return { frame, timestampSeconds: item.frameRate ? frame / item.frameRate : null }
}

export const kindsWithArea: readonly AnnotationKind[] = ['BOX', 'POLYGON', 'MASK']
