import type { Rectangle, Size } from './geometry'
import type { RunLengths } from './runLengths'

/** x, y; in pixels or fractions, top-left origin. */
export type PlanePoint = readonly [number, number]

/** One outline with its holes. Rings close by themselves: the last point need not repeat the first. */
export interface PlanePolygon {
  outer: readonly PlanePoint[]
  holes: readonly (readonly PlanePoint[])[]
}

/** Twice the signed area is the sum of cross products (the shoelace formula); here without the sign. */
export function ringArea(ring: readonly PlanePoint[]): number {
  let twice = 0
  ring.forEach(([x, y], index) => {
    const [nextX, nextY] = ring[(index + 1) % ring.length]!
    twice += x * nextY - nextX * y
  })
  return Math.abs(twice) / 2
}

/** Square units. Holes are taken off; outlines that overlap count twice. */
export const polygonsArea = (polygons: readonly PlanePolygon[]): number =>
  polygons.reduce(
    (area, { outer, holes }) =>
      area + Math.max(0, ringArea(outer) - holes.reduce((sum, hole) => sum + ringArea(hole), 0)),
    0,
  )

/** The smallest rectangle around points; null without any. */
export function pointsBounds(points: Iterable<PlanePoint>): Rectangle | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity]
  for (const [x, y] of points) {
    left = Math.min(left, x)
    top = Math.min(top, y)
    right = Math.max(right, x)
    bottom = Math.max(bottom, y)
  }
  return right < left ? null : { left, top, width: right - left, height: bottom - top }
}

/** The smallest rectangle around the outlines; holes lie inside. */
export const polygonsBounds = (polygons: readonly PlanePolygon[]): Rectangle | null =>
  pointsBounds(polygons.flatMap(({ outer }) => outer))

interface Edge {
  fromX: number
  toX: number
  fromY: number
  /** Change of y a pixel to the right. */
  slope: number
}

function edgesOf({ outer, holes }: PlanePolygon): Edge[] {
  const edges: Edge[] = []
  for (const ring of [outer, ...holes]) {
    ring.forEach((point, index) => {
      const next = ring[(index + 1) % ring.length]!
      const [[fromX, fromY], [toX, toY]] = point[0] <= next[0] ? [point, next] : [next, point]
      if (fromX < toX) edges.push({ fromX, toX, fromY, slope: (toY - fromY) / (toX - fromX) })
    })
  }
  return edges.sort((a, b) => a.fromX - b.fromX)
}

/** Goes through the columns from left to right and gives the rows inside, as [first, end) by turns. */
function columnScanner(polygon: PlanePolygon, height: number): (column: number) => [number, number][] {
  const edges = edgesOf(polygon)
  let next = 0
  let active: Edge[] = []
  return (column) => {
    const x = column + 0.5
    while (next < edges.length && edges[next]!.fromX <= x) active.push(edges[next++]!)
    active = active.filter((edge) => edge.toX > x)
    const crossings = active.map((edge) => edge.fromY + (x - edge.fromX) * edge.slope).sort((a, b) => a - b)
    const rows: [number, number][] = []
    for (let index = 0; index + 1 < crossings.length; index += 2) {
      // A pixel belongs when its centre does: row + 0.5 in [above, below).
      const first = Math.max(0, Math.ceil(crossings[index]! - 0.5))
      const end = Math.min(height, Math.ceil(crossings[index + 1]! - 0.5))
      if (first < end) rows.push([first, end])
    }
    return rows
  }
}

/**
 * Polygons in pixels as a mask: a pixel is inside when its centre is inside any polygon by the even-odd rule, holes being further
 * rings of it. pycocotools' `frPyObjects` draws outlines on a grid five times as fine and fills between them, which differs from
 * this by at most a pixel at the border. Memory is that of the polygons and the runs; no picture is made.
 */
export function rasterise(polygons: readonly PlanePolygon[], { width, height }: Size): RunLengths {
  const scanners = polygons.map((polygon) => columnScanner(polygon, height))
  const counts: number[] = []
  let covered = 0
  let inside = false
  const runTo = (pixel: number, set: boolean): void => {
    if (set === inside) return
    counts.push(pixel - covered)
    covered = pixel
    inside = set
  }
  for (let column = 0; column < width; column++) {
    const rows = scanners.flatMap((scan) => scan(column)).sort((a, b) => a[0] - b[0])
    let end = 0
    for (const [first, last] of rows) {
      if (first > end) runTo(column * height + end, false)
      if (last > end) runTo(column * height + Math.max(first, end), true)
      end = Math.max(end, last)
    }
    if (end < height) runTo(column * height + end, false)
  }
  counts.push(width * height - covered)
  return { width, height, counts }
}
