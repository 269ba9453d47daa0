import { createPacker, type PackOptions } from './pack'
import { goldens, minstd, sizeOf } from './testing'

const bytes = (seed: number, count: number): Uint8Array =>
  Uint8Array.from(minstd(seed, count), (value) => Math.floor(value * 256))

test.each(goldens.pack)(
  '$options.layout $options.color, $picture in $padded at $offset',
  ({ seed, picture, padded, offset, options, tensor }) => {
    // Written behind three foreign elements, over stale values: a tensor is reused from picture to picture.
    const target = new Float32Array(3 + tensor.length + 2).fill(-77)
    const place = { padded: sizeOf(padded), left: offset[0], top: offset[1] }
    createPacker(options)(bytes(seed, picture[0] * picture[1] * 3), sizeOf(picture), place, target, 3)
    tensor.forEach((value, i) => expect(target[3 + i]).toBeCloseTo(value, 5))
    expect([target[0], target[2], target[3 + tensor.length], target.at(-1)]).toEqual([-77, -77, -77, -77])
  },
)

const options: PackOptions = {
  layout: 'nchw',
  color: 'bgr',
  scale: 1 / 255,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  pad: 114,
  format: 'uint8',
}
const pixel = { width: 1, height: 1 }

test('a uint8 graph gets the values as they are', () => {
  const target = new Uint8Array(6)
  createPacker(options)(Uint8Array.of(1, 2, 3), pixel, { padded: { width: 2, height: 1 }, left: 0, top: 0 }, target)
  expect([...target]).toEqual([3, 114, 2, 114, 1, 114])
})

test.each([
  ['too few pixels', 2, { padded: pixel, left: 0, top: 0 }, 3],
  ['a place outside of the tensor', 3, { padded: pixel, left: 1, top: 0 }, 3],
  ['a negative place', 3, { padded: pixel, left: 0, top: -1 }, 3],
  ['a tensor too short', 3, { padded: pixel, left: 0, top: 0 }, 2],
])('%s is refused before anything is written', (_, pixels, place, length) => {
  const target = new Uint8Array(length)
  expect(() => createPacker(options)(new Uint8Array(pixels).fill(9), pixel, place, target)).toThrow(RangeError)
  expect([...target]).toEqual(new Array(length).fill(0))
})
