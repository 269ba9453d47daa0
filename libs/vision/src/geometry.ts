/** Pixels. */
export interface Size {
  width: number
  height: number
}

/** Pixels, top-left origin. */
export interface Rectangle extends Size {
  left: number
  top: number
}

/** Corners, in any one unit: `x1 <= x2`, `y1 <= y2`. */
export interface Box {
  x1: number
  y1: number
  x2: number
  y2: number
}

/** The smallest multiple of `stride` that is at least `pixels`, and at least one stride. */
export const roundUpToStride = (pixels: number, stride: number): number =>
  Math.max(1, Math.ceil(pixels / stride)) * stride

/** Area of intersection over area of union, 0..1; 0 for boxes without area. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1)
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1)
  if (!(width > 0 && height > 0)) return 0
  const intersection = width * height
  return intersection / ((a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1) - intersection)
}
