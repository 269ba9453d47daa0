import { type Box, type Rectangle, type Size, roundUpToStride } from './geometry'

/** Where a picture lies in the tensor a graph is given. */
export interface Placement {
  /** What the whole picture is resized to. */
  scaled: Size
  /** Which part of the resized picture is used; null: all of it. */
  cut: Rectangle | null
  /** The tensor's own size. */
  padded: Size
  /** Where the (cut) picture begins in the tensor. */
  left: number
  top: number
}

export interface FitOptions {
  /** Each side of the tensor becomes a multiple of it. Null: the graph's size is fixed, and the tensor is the whole box. */
  stride: number | null
  align: 'centre' | 'topLeft'
  /** Whether a picture smaller than the box grows to fill it. */
  enlarge: boolean
}

/**
 * Fits a picture into a box, aspect kept, and pads each side only to the next multiple of the stride. A 640×480 picture in
 * a 640×640 box is a tensor of 640×480: a quarter less work than the padded square, and on COCO no worse tags.
 *
 * Sides are rounded to the nearest pixel, as Ultralytics' LetterBox does, so that its weights see what they were validated on.
 */
export function fitInto(picture: Size, box: Size, { stride, align, enlarge }: FitOptions): Placement {
  const fitting = Math.min(box.width / picture.width, box.height / picture.height)
  const ratio = enlarge ? fitting : Math.min(1, fitting)
  const scaled = {
    width: clamp(Math.round(picture.width * ratio), 1, box.width),
    height: clamp(Math.round(picture.height * ratio), 1, box.height),
  }
  const padded = stride === null ? { ...box } : padTo(scaled, stride)
  const offset = (outer: number, inner: number): number => (align === 'centre' ? Math.floor((outer - inner) / 2) : 0)
  return {
    scaled,
    cut: null,
    padded,
    left: offset(padded.width, scaled.width),
    top: offset(padded.height, scaled.height),
  }
}

const padTo = (size: Size, stride: number): Size => ({
  width: roundUpToStride(size.width, stride),
  height: roundUpToStride(size.height, stride),
})

/** Fills the box, aspect ignored. */
export const stretchTo = (box: Size): Placement => ({
  scaled: { ...box },
  cut: null,
  padded: { ...box },
  left: 0,
  top: 0,
})

/**
 * Brings the shorter side to `resizeShorter` (null: only as far as needed to cover `size`) and cuts the centre `size` out.
 *
 * A picture that has exactly `size` already is taken as it is: it is somebody's finished crop, and to blow it up to
 * `resizeShorter` and cut it again would drop its border and blur the rest.
 */
export function cropTo(picture: Size, size: Size, resizeShorter: number | null): Placement {
  const whole = { padded: { ...size }, left: 0, top: 0 }
  if (picture.width === size.width && picture.height === size.height)
    return { ...whole, scaled: { ...size }, cut: null }
  const covering = Math.max(size.width / picture.width, size.height / picture.height)
  const ratio = Math.max(covering, (resizeShorter ?? 0) / Math.min(picture.width, picture.height))
  // Rounded half up, never below `size`: 1e-9 keeps a side that is meant to be exact from falling one short.
  const scaled = {
    width: Math.max(size.width, Math.round(picture.width * ratio + 1e-9)),
    height: Math.max(size.height, Math.round(picture.height * ratio + 1e-9)),
  }
  const cut = {
    left: Math.floor((scaled.width - size.width) / 2),
    top: Math.floor((scaled.height - size.height) / 2),
    ...size,
  }
  return { ...whole, scaled, cut }
}

/** Maps a box in tensor pixels to fractions of the picture; it may reach beyond 0..1 where it lies on the padding. */
export function toFractions(box: Box, { scaled, cut, left, top }: Placement): Box {
  const offsetX = (cut?.left ?? 0) - left
  const offsetY = (cut?.top ?? 0) - top
  return {
    x1: (box.x1 + offsetX) / scaled.width,
    y1: (box.y1 + offsetY) / scaled.height,
    x2: (box.x2 + offsetX) / scaled.width,
    y2: (box.y2 + offsetY) / scaled.height,
  }
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value))
