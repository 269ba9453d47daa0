/** A box as fractions of a picture. */
export interface FractionBox {
  x: number
  y: number
  width: number
  height: number
}

/** Where a corner (x, y) of the picture as it is stored lies once it is turned upright, by its EXIF orientation. */
const upright: Readonly<Record<number, (x: number, y: number) => [number, number]>> = {
  1: (x, y) => [x, y],
  2: (x, y) => [1 - x, y],
  3: (x, y) => [1 - x, 1 - y],
  4: (x, y) => [x, 1 - y],
  5: (x, y) => [y, x],
  6: (x, y) => [1 - y, x],
  7: (x, y) => [1 - y, 1 - x],
  8: (x, y) => [y, 1 - x],
}

/** From fractions of the stored picture to fractions of the upright one. */
export function turnUpright(box: FractionBox, orientation: number): FractionBox {
  const turn = upright[orientation]
  if (!turn || orientation === 1) return box
  const [ax, ay] = turn(box.x, box.y)
  const [bx, by] = turn(box.x + box.width, box.y + box.height)
  // 1 − x of what was clipped to 0..1 can be off by one bit.
  const clamp = (value: number): number => Math.min(1, Math.max(0, value))
  const [x, y] = [clamp(Math.min(ax, bx)), clamp(Math.min(ay, by))]
  return { x, y, width: Math.min(Math.abs(ax - bx), 1 - x), height: Math.min(Math.abs(ay - by), 1 - y) }
}
