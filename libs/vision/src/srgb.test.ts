import { isSrgbProfile } from './srgb'

type Tag = [name: string, body: Buffer]

const fixed = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => bytes.writeInt32BE(Math.round(value * 65536), 4 * i))
  return bytes
}
const xyz = (...values: number[]): Buffer => Buffer.concat([Buffer.from('XYZ \0\0\0\0'), fixed(...values)])
const parametric = (...parameters: number[]): Buffer =>
  Buffer.concat([Buffer.from('para\0\0\0\0\0\x03\0\0'), fixed(...parameters)])
const table = (count: number, curve: (x: number) => number): Buffer => {
  const bytes = Buffer.alloc(12 + 2 * count)
  bytes.write('curv')
  bytes.writeUInt32BE(count, 8)
  for (let i = 0; i < count; i++) bytes.writeUInt16BE(Math.round(65535 * curve(i / (count - 1))), 12 + 2 * i)
  return bytes
}

/** The layout of ICC.1: a header of 128 bytes, a table of tags, their bodies. */
function profile(tags: Tag[], space = 'RGB '): Buffer {
  const header = Buffer.alloc(132 + 12 * tags.length)
  header.write(`${space}XYZ `, 16)
  header.writeUInt32BE(tags.length, 128)
  let offset = header.length
  tags.forEach(([name, body], i) => {
    header.write(name, 132 + 12 * i)
    header.writeUInt32BE(offset, 136 + 12 * i)
    header.writeUInt32BE(body.length, 140 + 12 * i)
    offset += body.length
  })
  return Buffer.concat([header, ...tags.map(([, body]) => body)])
}

const srgbCurve = (x: number): number => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
const srgbPrimaries: Tag[] = [
  ['rXYZ', xyz(0.43607, 0.22249, 0.01392)],
  ['gXYZ', xyz(0.38515, 0.71687, 0.09708)],
  ['bXYZ', xyz(0.14307, 0.06061, 0.7141)],
]
const adobePrimaries: Tag[] = [
  ['rXYZ', xyz(0.60974, 0.31111, 0.01947)],
  ['gXYZ', xyz(0.20528, 0.62567, 0.06087)],
  ['bXYZ', xyz(0.14919, 0.06322, 0.74457)],
]
const withCurve = (curve: Buffer): Tag[] => ['rTRC', 'gTRC', 'bTRC'].map((name) => [name, curve])
const parametricSrgb = withCurve(parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))

test('sRGB is known by what it does, as a table or as a formula', () => {
  expect(isSrgbProfile(profile([...srgbPrimaries, ...parametricSrgb]))).toBe(true)
  expect(isSrgbProfile(profile([...srgbPrimaries, ...withCurve(table(1024, srgbCurve))]))).toBe(true)
})

test.each<[string, Buffer]>([
  ['other primaries', profile([...adobePrimaries, ...parametricSrgb])],
  ['a gamma of 2.2 as a table', profile([...srgbPrimaries, ...withCurve(table(1024, (x) => x ** 2.2))])],
  [
    'a gamma of 2.2 as a number',
    profile([...srgbPrimaries, ...withCurve(Buffer.from([...Buffer.from('curv\0\0\0\0'), 0, 0, 0, 1, 2, 51]))]),
  ],
  ['a linear curve', profile([...srgbPrimaries, ...withCurve(table(2, (x) => x))])],
  [
    'one curve of another kind',
    profile([...srgbPrimaries, ...parametricSrgb.slice(0, 2), ['bTRC', table(256, (x) => x)]]),
  ],
  ['no curves', profile(srgbPrimaries)],
  ['a lookup table beside the matrix', profile([...srgbPrimaries, ...parametricSrgb, ['A2B0', Buffer.alloc(8)]])],
  ['another colour space', profile([...srgbPrimaries, ...parametricSrgb], 'GRAY')],
  ['nothing at all', Buffer.alloc(0)],
  ['zeros', Buffer.alloc(400)],
  ['ones', Buffer.alloc(400, 255)],
])('a profile with %s is not sRGB', (_, bytes) => {
  expect(isSrgbProfile(bytes)).toBe(false)
})

test('a profile cut short anywhere is not sRGB, and no failure', () => {
  const whole = profile([...srgbPrimaries, ...parametricSrgb])
  for (let length = 0; length < whole.length; length++) expect(isSrgbProfile(whole.subarray(0, length))).toBe(false)
})
