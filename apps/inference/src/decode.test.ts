import type { Placement, Size } from '@lakelens/vision'
import sharp from 'sharp'
import { decodePicture, inspectPicture, maxPixels } from './decode'
import { probePicture } from './probe'

const asItIs = (size: Size): Placement => ({ scaled: size, cut: null, padded: size, left: 0, top: 0 })

/** Two pixels wide, one high, each of the given channels. */
const twoPixels = (channels: 1 | 2 | 3 | 4, values: number[]): sharp.Sharp =>
  sharp(Buffer.from(values), { raw: { width: 2, height: 1, channels } })

const decodedValues = async (data: Buffer): Promise<number[]> => [...(await decodePicture(data, asItIs)).pixels]

test('grey becomes three equal channels', async () => {
  expect(await decodedValues(await twoPixels(1, [10, 200]).toColourspace('b-w').png().toBuffer())).toEqual([
    10, 10, 10, 200, 200, 200,
  ])
})

test('alpha is dropped, not blended', async () => {
  expect(await decodedValues(await twoPixels(4, [10, 20, 30, 0, 40, 50, 60, 128]).png().toBuffer())).toEqual([
    10, 20, 30, 40, 50, 60,
  ])
  expect(await decodedValues(await twoPixels(2, [10, 0, 200, 255]).toColourspace('b-w').png().toBuffer())).toEqual([
    10, 10, 10, 200, 200, 200,
  ])
})

test('sixteen bits become eight', async () => {
  const deep = await sharp(new Uint16Array([0x0a0a, 0x1414, 0x1e1e, 0xffff, 0x8080, 0]), {
    raw: { width: 2, height: 1, channels: 3 },
  })
    .toColourspace('rgb16')
    .png()
    .toBuffer()
  expect((await sharp(deep).metadata()).depth).toBe('ushort')
  expect(await decodedValues(deep)).toEqual([10, 20, 30, 255, 128, 0])
})

test('CMYK becomes RGB', async () => {
  const cmyk = await sharp({ create: { width: 2, height: 1, channels: 3, background: '#ffffff' } })
    .toColourspace('cmyk')
    .jpeg()
    .toBuffer()
  expect((await sharp(cmyk).metadata()).space).toBe('cmyk')
  const values = await decodedValues(cmyk)
  expect(values).toHaveLength(6)
  expect(Math.min(...values)).toBeGreaterThan(240)
})

test('a colour profile is honoured', async () => {
  const wide = await twoPixels(3, [255, 0, 0, 128, 128, 128]).withIccProfile('p3').png().toBuffer()
  expect((await sharp(wide).metadata()).icc).toBeDefined()
  const plain = await sharp(wide, { ignoreIcc: true }).raw().toBuffer()
  const [red] = await decodedValues(wide)
  expect(red).toBeGreaterThanOrEqual(250)
  expect([...plain].slice(0, 3)).not.toEqual([255, 0, 0])
})

test('EXIF orientation is applied before anything is measured', async () => {
  const turned = await twoPixels(3, [255, 0, 0, 0, 0, 255]).png().withMetadata({ orientation: 6 }).toBuffer()
  expect(await inspectPicture(turned)).toMatchObject({ size: { width: 1, height: 2 } })
  expect(await decodedValues(turned)).toEqual([255, 0, 0, 0, 0, 255])
  const tall = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
    .jpeg()
    .withMetadata({ orientation: 8 })
    .toBuffer()
  const probed = await probePicture(tall, 30)
  expect(probed).toMatchObject({ mediaType: 'image/jpeg', size: { width: 200, height: 300 } })
  const thumbnail = await sharp(probed.thumbnail).metadata()
  expect(thumbnail).toMatchObject({ format: 'webp', width: 20, height: 30 })
  expect(thumbnail.orientation).toBeUndefined()
})

test('only the first frame of an animation counts', async () => {
  const frames = Buffer.concat([Buffer.alloc(12, 255), Buffer.alloc(12, 0)])
  const gif = await sharp(frames, { raw: { width: 2, height: 4, channels: 3, pageHeight: 2 } })
    .gif()
    .toBuffer()
  expect((await sharp(gif).metadata()).pages).toBe(2)
  expect(await decodedValues(gif)).toEqual(Array(12).fill(255))
  expect(await probePicture(gif, 8)).toMatchObject({ mediaType: 'image/gif', size: { width: 2, height: 2 } })
})

test('the part that is cut out of the resized picture is the one asked for', async () => {
  const picture = await sharp(
    Buffer.from([...Array(3).fill(10), ...Array(3).fill(20), ...Array(3).fill(30)] as number[]),
    { raw: { width: 3, height: 1, channels: 3 } },
  )
    .png()
    .toBuffer()
  const cut = { left: 1, top: 0, width: 1, height: 1 }
  const decoded = await decodePicture(picture, (size) => ({ scaled: size, cut, padded: cut, left: 0, top: 0 }))
  expect(decoded).toMatchObject({ size: { width: 1, height: 1 } })
  expect([...decoded.pixels]).toEqual([20, 20, 20])
  expect(decoded.pixels.buffer.byteLength).toBe(3)
})

const photograph = async (): Promise<sharp.Sharp> => {
  const noise = await sharp({
    create: {
      width: 320,
      height: 240,
      channels: 3,
      background: 'black',
      noise: { type: 'gaussian', mean: 128, sigma: 40 },
    },
  })
    .png()
    .toBuffer()
  return sharp(noise)
}

test.each(['jpeg', 'png', 'webp', 'gif', 'tiff', 'avif'] as const)(
  'a whole %s is taken and a truncated one refused, by probing and by decoding alike',
  async (format) => {
    const whole = await (await photograph()).toFormat(format).toBuffer()
    expect(await probePicture(whole, 64)).toMatchObject({
      mediaType: `image/${format}`,
      size: { width: 320, height: 240 },
    })
    for (const missing of [64, 2000]) {
      const cut = whole.subarray(0, whole.length - missing)
      await expect(probePicture(cut, 64)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
      await expect(probePicture(cut, 0)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
      await expect(decodePicture(cut, asItIs)).rejects.toMatchObject({ code: 'MEDIA_UNREADABLE' })
    }
  },
)

test('a picture that claims billions of pixels is refused by its header, with the limit', async () => {
  const png = await twoPixels(3, [0, 0, 0, 0, 0, 0]).png().toBuffer()
  png.writeUInt32BE(65_536, 16)
  png.writeUInt32BE(65_536, 20)
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29)
  const message = expect.stringContaining(
    `65536 × 65536, 4294967296 pixels; the limit is ${maxPixels} pixels`,
  ) as string
  await expect(probePicture(png, 64)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message })
  await expect(decodePicture(png, asItIs)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
})

test('the decoder itself cannot be made to read SVG, whatever lets it through', async () => {
  await expect(
    sharp(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')).metadata(),
  ).rejects.toThrow(/unsupported|block/)
})

function crc32(data: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return (crc ^ 0xffffffff) >>> 0
}
