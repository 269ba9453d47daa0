import { cropTo, fitInto, stretchTo, toFractions } from './letterbox'
import { placePicture } from './place'
import { goldens, minstd, sizeOf } from './testing'

test.each(goldens.letterbox)('a $picture picture in a $box box, stride $stride, $align', (golden) => {
  const { stride, align, enlarge } = golden
  const placement = fitInto(sizeOf(golden.picture), sizeOf(golden.box), { stride, align, enlarge })
  expect(placement).toEqual({
    scaled: sizeOf(golden.scaled),
    cut: null,
    padded: sizeOf(golden.padded),
    left: golden.offset[0],
    top: golden.offset[1],
  })
  const [x1, y1, x2, y2] = golden.corners
  const back = toFractions({ x1, y1, x2, y2 }, placement)
  ;[back.x1, back.y1, back.x2, back.y2].forEach((value, i) => expect(value).toBeCloseTo(golden.fractions[i] ?? NaN, 12))
})

test.each(goldens.crop)('the crop of $size out of a $picture picture, shorter side $shorter', (golden) => {
  const placement = cropTo(sizeOf(golden.picture), sizeOf(golden.size), golden.shorter)
  expect(placement.scaled).toEqual(sizeOf(golden.scaled))
  const cut = golden.cut && { left: golden.cut[0], top: golden.cut[1], ...sizeOf(golden.size) }
  expect(placement.cut).toEqual(cut)
})

describe('for any picture and box', () => {
  const draws = minstd(7, 400 * 5)
  const cases = Array.from({ length: 400 }, (_, i) => {
    const [a, b, c, d, e] = draws.subarray(5 * i, 5 * i + 5) as unknown as [number, number, number, number, number]
    const picture = { width: 1 + Math.floor(a * a * 5000), height: 1 + Math.floor(b * b * 5000) }
    const box = { width: 32 * (1 + Math.floor(c * 40)), height: 32 * (1 + Math.floor(d * 40)) }
    return { picture, box, align: e < 0.5 ? ('centre' as const) : ('topLeft' as const) }
  })

  test('the letterboxed picture lies within its tensor, and the tensor within the box', () => {
    for (const { picture, box, align } of cases) {
      const { scaled, padded, left, top } = fitInto(picture, box, { stride: 32, align, enlarge: true })
      expect(Math.min(left, top, scaled.width - 1, scaled.height - 1)).toBeGreaterThanOrEqual(0)
      expect(left + scaled.width).toBeLessThanOrEqual(padded.width)
      expect(top + scaled.height).toBeLessThanOrEqual(padded.height)
      expect(padded.width <= box.width && padded.height <= box.height).toBe(true)
      expect([padded.width % 32, padded.height % 32]).toEqual([0, 0])
      expect(padded.width - scaled.width < 32 && padded.height - scaled.height < 32).toBe(true)
    }
  })

  test('a box on the picture comes back where it was', () => {
    for (const { picture, box, align } of cases) {
      const placement = fitInto(picture, box, { stride: 32, align, enlarge: true })
      const { scaled, left, top } = placement
      const there = {
        x1: left + 0.1 * scaled.width,
        y1: top + 0.2 * scaled.height,
        x2: left + scaled.width,
        y2: top + 0.9 * scaled.height,
      }
      const back = toFractions(there, placement)
      expect(back.x1).toBeCloseTo(0.1, 10)
      expect(back.y1).toBeCloseTo(0.2, 10)
      expect(back.x2).toBeCloseTo(1, 10)
      expect(back.y2).toBeCloseTo(0.9, 10)
    }
  })

  test('a crop covers its size and lies within the resized picture', () => {
    for (const { picture, box } of cases) {
      const { scaled, cut } = cropTo(picture, box, 256)
      if (!cut) continue
      expect(Math.min(cut.left, cut.top)).toBeGreaterThanOrEqual(0)
      expect(cut.left + box.width <= scaled.width && cut.top + box.height <= scaled.height).toBe(true)
    }
  })
})

test('a picture that is a finished crop already is taken as it is', () => {
  const size = { width: 224, height: 224 }
  expect(cropTo(size, size, 256)).toMatchObject({ scaled: size, cut: null })
  expect(cropTo({ width: 224, height: 225 }, size, 256)).toMatchObject({
    scaled: { width: 256, height: 257 },
    cut: { left: 16, top: 16 },
  })
})

test('a stretched picture fills the box and maps back by its own two scales', () => {
  const placement = stretchTo({ width: 100, height: 50 })
  expect(toFractions({ x1: 50, y1: 10, x2: 100, y2: 50 }, placement)).toEqual({ x1: 0.5, y1: 0.2, x2: 1, y2: 1 })
})

test('a manifest decides between letterbox, stretch and crop, and a fixed size means the whole box', () => {
  const picture = { width: 640, height: 480 }
  const box = { width: 640, height: 640 }
  const input = { resizeShorter: null, align: 'centre' as const, stride: 32 }
  expect(placePicture(picture, box, false, { ...input, resize: 'letterbox' }).padded).toEqual({
    width: 640,
    height: 480,
  })
  expect(placePicture(picture, box, true, { ...input, resize: 'letterbox' })).toMatchObject({ padded: box, top: 80 })
  expect(placePicture(picture, box, false, { ...input, resize: 'stretch' }).scaled).toEqual(box)
  expect(placePicture(picture, box, false, { ...input, resize: 'crop' }).cut).toEqual({ left: 106, top: 0, ...box })
})
