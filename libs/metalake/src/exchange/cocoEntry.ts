import type { ExchangeItem, NotedImage } from '@lakelens/db'
import { checkRunLengths, encodeRle } from '@lakelens/vision'
import {
  boxShape,
  maskShape,
  pointsShape,
  polygonShape,
  wholeShape,
  type Shape,
  type Slack,
} from '../annotations/shape'
import { errors } from './errors'
import type { Entry } from './found'

/** An element of `annotations` or `image_labels`, as it stands in the file. */
export type CocoObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is CocoObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What an index of the database holds beside its other columns, and little memory for each class. */
const maxIdBytes = 1_000

/** Ids are numbers in COCO and texts elsewhere: compared as text. Null for what is none, or longer than any id. */
export const idOf = (value: unknown): string | null =>
  typeof value === 'number' ||
  (typeof value === 'string' && value !== '' && value.length <= maxIdBytes && Buffer.byteLength(value) <= maxIdBytes)
    ? String(value)
    : null

const refuse = (reason: string): Error => errors.ENTRY_INVALID({ reason })

/** Reads an annotation of a picture; throws for what can't be one. */
export function cocoAnnotation(
  value: CocoObject,
  image: NotedImage,
  labels: ReadonlyMap<string, string>,
  isWhole: boolean,
): Entry {
  const category = idOf(value['category_id'])
  if (category === null) throw refuse('it has no `category_id`')
  const label = labels.get(category)
  if (label === undefined) throw errors.CATEGORY_UNKNOWN({ id: category })
  const frame = value['frame'] ?? image.frame
  if (frame !== null && typeof frame !== 'number') throw refuse('its frame is no number')
  return {
    item: image.item,
    label,
    shape: isWhole ? wholeShape : shapeOf(value, image),
    frame,
    confidence: value['score'] ?? null,
  }
}

/** Pixels of the file's picture; the item may have been stored larger or smaller. */
interface Frame {
  width: number
  height: number
  slack: Slack
}

/** Annotators' tools round, and draw a pixel over the border. */
function frameOf({ width, height, item }: NotedImage): Frame {
  const size = { width: width ?? item.width, height: height ?? item.height }
  if (!size.width || !size.height) throw refuse('the size of its picture is not known')
  return {
    width: size.width,
    height: size.height,
    slack: { x: Math.max(0.001, 1.5 / size.width), y: Math.max(0.001, 1.5 / size.height) },
  }
}

function shapeOf(value: CocoObject, image: NotedImage): Shape {
  const frame = frameOf(image)
  const { segmentation } = value
  if (value['kind'] === 'POINTS') return keypointShape(value['keypoints'], frame)
  if (isObject(segmentation)) return rleShape(segmentation, image.item)
  if (Array.isArray(segmentation)) {
    // COCO has a few outlines of two points: what can be no outline is left out, and the box stands for it.
    const outlines = segmentation.map((ring) => ringOf(ring, frame)).filter((ring) => ring.length >= 3)
    if (outlines.length > 0)
      return polygonShape(
        outlines.map((outer) => ({ outer, holes: [] })),
        frame.slack,
      )
  } else if (segmentation != null) throw refuse('its `segmentation` is neither outlines nor run lengths')
  const { bbox } = value
  if (bbox === undefined) throw refuse('it has neither `segmentation` nor `bbox`')
  const sides = numbersOf(bbox, '`bbox`')
  if (sides.length !== 4) throw refuse('its `bbox` has not four numbers')
  const [x, y, width, height] = sides as [number, number, number, number]
  return boxShape([x / frame.width, y / frame.height, width / frame.width, height / frame.height], frame.slack)
}

function numbersOf(value: unknown, what: string): number[] {
  if (!Array.isArray(value) || !value.every((number) => typeof number === 'number' && Number.isFinite(number)))
    throw refuse(`its ${what} is no list of finite numbers`)
  return value as number[]
}

function ringOf(value: unknown, { width, height }: Frame): [number, number][] {
  const numbers = numbersOf(value, '`segmentation`')
  if (numbers.length % 2 !== 0) throw refuse('an outline of its `segmentation` has an odd count of numbers')
  return Array.from({ length: numbers.length / 2 }, (_, n) => [numbers[2 * n]! / width, numbers[2 * n + 1]! / height])
}

function keypointShape(value: unknown, { width, height, slack }: Frame): Shape {
  const numbers = numbersOf(value, '`keypoints`')
  const points: [number, number][] = []
  // x, y and how well it is seen; 0: it isn't labelled.
  for (let n = 0; n + 2 < numbers.length; n += 3)
    if (numbers[n + 2] !== 0) points.push([numbers[n]! / width, numbers[n + 1]! / height])
  return pointsShape(points, slack)
}

function rleShape({ counts, size }: CocoObject, item: ExchangeItem): Shape {
  const [height, width] = numbersOf(size, '`size` of the mask')
  if (width !== item.width || height !== item.height)
    throw refuse(`its mask has ${width} × ${height} pixels, and the item ${item.width} × ${item.height}`)
  if (typeof counts === 'string') return maskShape(counts, item)
  const runs = numbersOf(counts, '`counts`')
  checkRunLengths({ width: width ?? 0, height: height ?? 0, counts: runs })
  return maskShape(encodeRle(runs), item)
}
