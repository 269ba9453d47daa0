import fc from 'fast-check'
import { rasterise, polygonsArea, polygonsBounds, type PlanePolygon } from './polygons'
import { decodeRle, encodeRle, maskArea, maskBounds, maskOf, runLengthsOf } from './runLengths'

const maskFrom = (width: number, height: number, inside: (x: number, y: number) => boolean): Uint8Array =>
  Uint8Array.from({ length: width * height }, (_, pixel) => (inside(pixel % width, Math.floor(pixel / width)) ? 1 : 0))

// What pycocotools 2.0 makes of the same masks.
const golden: [string, number, number, (x: number, y: number) => boolean, string, number, number[] | null][] = [
  ['2 × 3', 3, 2, (x, y) => (x === 1 && y === 0) || (x < 2 && y === 1), '132', 3, [0, 0, 2, 2]],
  ['empty', 2, 3, () => false, '6', 0, null],
  ['full', 2, 3, () => true, '06', 6, [0, 0, 2, 3]],
  ['odd sides', 5, 7, (x, y) => (x * 3 + y * 5) % 4 === 0, '013000000000000000O', 9, [0, 0, 5, 7]],
  [
    'a disc',
    77,
    101,
    (x, y) => (x - 38) ** 2 + (y - 50) ** 2 < 1000,
    '_g0=e26J6K4L4M2M4M2N2N2N2N2N2O0O2N2O0O2O0O2O000O2O000O2O000000000000000000000001N10001N10001N101N101N2N101N2N2N2N2N2N3L3N3L4L5J6Jjd0',
    3133,
    [7, 19, 63, 63],
  ],
]

test.each(golden)(
  'a mask (%s) has the code, area and bounds that COCO gives it',
  (_, width, height, inside, code, area, bounds) => {
    const mask = maskFrom(width, height, inside)
    const runs = runLengthsOf(mask, { width, height })
    expect(encodeRle(runs.counts)).toBe(code)
    const decoded = decodeRle(code, { width, height })
    expect(decoded).toEqual(runs)
    expect(maskOf(decoded)).toEqual(mask)
    expect(maskArea(decoded)).toBe(area)
    const found = maskBounds(decoded)
    expect(found && [found.left, found.top, found.width, found.height]).toEqual(bounds)
  },
)

test('any mask comes back from its code, and its bounds hold exactly its pixels', () => {
  const anyMask = fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 40 })).chain(([width, height]) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      mask: fc.uint8Array({ minLength: width * height, maxLength: width * height, max: 1 }),
    }),
  )
  fc.assert(
    fc.property(anyMask, ({ width, height, mask }) => {
      const decoded = decodeRle(encodeRle(runLengthsOf(mask, { width, height }).counts), { width, height })
      expect(maskOf(decoded)).toEqual(mask)
      const set = [...mask].flatMap((value, pixel) => (value ? [[pixel % width, Math.floor(pixel / width)]] : []))
      const xs = set.map(([x]) => x!)
      const ys = set.map(([, y]) => y!)
      expect(maskBounds(decoded)).toEqual(
        set.length === 0
          ? null
          : {
              left: Math.min(...xs),
              top: Math.min(...ys),
              width: Math.max(...xs) - Math.min(...xs) + 1,
              height: Math.max(...ys) - Math.min(...ys) + 1,
            },
      )
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['of another size', '132', 4, 4],
  ['cut in the middle of a number', '_', 3, 2],
  ['of characters COCO never writes', '1 2', 3, 2],
  ['with a negative run', '1O6', 3, 2],
  ['with a run beyond all pictures', 'ooooooooooooo0', 3, 2],
  ['empty', '', 3, 2],
])('a code %s is refused', (_, code, width, height) => {
  expect(() => decodeRle(code, { width, height })).toThrow(expect.objectContaining({ code: 'RLE_INVALID' }))
})

const square = (from: number, to: number): [number, number][] => [
  [from, from],
  [to, from],
  [to, to],
  [from, to],
]

test('a polygon is the pixels whose centres lie inside it', () => {
  const runs = rasterise([{ outer: square(1, 3), holes: [] }], { width: 5, height: 4 })
  expect([...maskOf(runs)]).toEqual([0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0])
  // Borders at half pixels: the left and upper ones are inside, the right and lower ones are not.
  expect(maskBounds(rasterise([{ outer: square(0.5, 2.5), holes: [] }], { width: 5, height: 5 }))).toEqual({
    left: 0,
    top: 0,
    width: 2,
    height: 2,
  })
})

test('holes are outside, polygons that overlap are one mask, and what leaves the picture is cut', () => {
  const ring: PlanePolygon = { outer: square(0, 9), holes: [square(3, 6)] }
  const size = { width: 9, height: 9 }
  expect(maskArea(rasterise([ring], size))).toBe(81 - 9)
  expect(maskArea(rasterise([ring, { outer: square(2, 5), holes: [] }], size))).toBe(81 - 9 + 4)
  expect(
    maskArea(
      rasterise(
        [
          { outer: square(-5, 4), holes: [] },
          { outer: square(4, 30), holes: [] },
        ],
        size,
      ),
    ),
  ).toBe(16 + 25)
  expect(maskArea(rasterise([], size))).toBe(0)
  expect(polygonsArea([ring])).toBe(72)
  expect(polygonsBounds([ring])).toEqual({ left: 0, top: 0, width: 9, height: 9 })
})

test('polygons are filled as by an even-odd test of every pixel', () => {
  const point = fc.tuple(fc.double({ min: -3, max: 23, noNaN: true }), fc.double({ min: -3, max: 23, noNaN: true }))
  const ring = fc.array(point, { minLength: 3, maxLength: 9 })
  const polygons = fc.array(fc.record({ outer: ring, holes: fc.array(ring, { maxLength: 2 }) }), { maxLength: 3 })
  type Ring = [number, number][]
  /** Where the edges of a ring cross the column of centres at x. */
  const crossings = (x: number, ring: Ring): number[] =>
    ring.flatMap(([ax, ay], index) => {
      const [bx, by] = ring[(index + 1) % ring.length]!
      return ax <= x !== bx <= x ? [ay + ((x - ax) * (by - ay)) / (bx - ax)] : []
    })
  fc.assert(
    fc.property(polygons, (shapes) => {
      const size = { width: 20, height: 19 }
      const filled = maskOf(rasterise(shapes, size))
      for (let pixel = 0; pixel < filled.length; pixel++) {
        const [x, y] = [(pixel % size.width) + 0.5, Math.floor(pixel / size.width) + 0.5]
        const cut = shapes.map(({ outer, holes }) => [outer, ...holes].flatMap((one) => crossings(x, one)))
        // A centre that an edge runs through may fall to either side, by rounding.
        if (cut.flat().some((edge) => Math.abs(edge - y) < 1e-9)) continue
        const isIn = cut.some((edges) => edges.filter((edge) => edge < y).length % 2 === 1)
        if (filled[pixel] !== (isIn ? 1 : 0)) throw new Error(`the pixel at ${x}, ${y} is on the wrong side`)
      }
    }),
    { numRuns: 300 },
  )
})

test('a filled polygon is the one of pycocotools but for its border', () => {
  const outer: [number, number][] = [
    [10, 10],
    [60.5, 12.25],
    [55, 70],
    [20, 60],
  ]
  const theirs = decodeRle(
    '^l02h25K5K5K5K5K5K5K5K5K3M010O00001O0000001O00001O0000001O00001O0000001O01O01O0000001O00001O00K5E;F:F:E;F\\e1',
    { width: 80, height: 90 },
  )
  const ours = maskOf(rasterise([{ outer, holes: [] }], { width: 80, height: 90 }))
  const different = maskOf(theirs).filter((value, pixel) => value !== ours[pixel]).length
  expect(maskArea(theirs)).toBe(2288)
  // The outline is 196 pixels long.
  expect(different).toBeLessThan(100)
})

test('ten thousand points over a large picture take no picture and little time', () => {
  const outer = Array.from({ length: 10_000 }, (_, n): [number, number] => [
    4000 + 3900 * Math.cos(n / 1591.55) * (n % 2 ? 1 : 0.98),
    3000 + 2900 * Math.sin(n / 1591.55) * (n % 2 ? 1 : 0.98),
  ])
  const began = performance.now()
  const runs = rasterise([{ outer, holes: [] }], { width: 8000, height: 6000 })
  expect(maskArea(runs)).toBeGreaterThan(30_000_000)
  expect(performance.now() - began).toBeLessThan(2_000)
})
