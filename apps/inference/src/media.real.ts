import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Placement, Size } from '@lakelens/vision'
import { isLakeError } from '@lakelens/kernel'
import { decodePicture } from './decode'
import { probePicture } from './probe'
import { realFolder } from './testing/realFolders'

const media = realFolder('LAKELENS_TEST_MEDIA')

// `taken`: type and upright size. `refused`: code and what the message must say.
const taken = (mediaType: string, width: number, height: number): string => `${mediaType} ${width}x${height}`
const refused = (code: string, says: string): [string, string] => [code, says]

const formats: Record<string, string | [string, string]> = {
  'animated-photo.gif': taken('image/gif', 245, 245),
  'animated.gif': taken('image/gif', 80, 80),
  'animated.webp': taken('image/webp', 370, 285),
  'apng.png': taken('image/png', 128, 64),
  'avif-rotated.avif': taken('image/avif', 640, 427),
  'avif.avif': taken('image/avif', 128, 128),
  'bmp.bmp': refused('CONTENT_TYPE_UNSUPPORTED', 'a BMP picture'),
  'cmyk-adobe.jpg': taken('image/jpeg', 100, 100),
  'cmyk-noprofile.jpg': taken('image/jpeg', 500, 333),
  'cmyk-profile.jpg': taken('image/jpeg', 500, 333),
  'exif-orientation-landscape-1.jpg': taken('image/jpeg', 600, 450),
  'exif-orientation-landscape-3.jpg': taken('image/jpeg', 600, 450),
  'exif-orientation-landscape-6.jpg': taken('image/jpeg', 600, 450),
  'exif-orientation-landscape-8.jpg': taken('image/jpeg', 600, 450),
  'exif-orientation-portrait-6.jpg': taken('image/jpeg', 450, 600),
  'grey-alpha.gif': taken('image/gif', 2, 1),
  'heic-hevc.heif': refused('CONTENT_TYPE_UNSUPPORTED', 'a HEIC picture'),
  'png-exif-orientation.png': taken('image/png', 512, 512),
  'png16-grey-alpha.png': taken('image/png', 109, 96),
  'png16-rgb.png': taken('image/png', 900, 600),
  'svg-check.svg': refused('CONTENT_TYPE_UNSUPPORTED', 'an SVG drawing'),
  'svg.svg': refused('CONTENT_TYPE_UNSUPPORTED', 'an SVG drawing'),
  'tiff-8bit.tiff': taken('image/tiff', 21, 21),
  'tiff-g3-1bit.tif': taken('image/tiff', 2464, 3248),
  'tiny-2x2.png': taken('image/png', 2, 2),
  'webp-alpha.webp': taken('image/webp', 300, 300),
  'webp-named.jpg': taken('image/webp', 1024, 772),
  'webp-rgb.webp': taken('image/webp', 1024, 772),
}

// What decodes in full is taken although its name says that something is wrong with it elsewhere.
const bad: Record<string, string | [string, string]> = {
  'audio-only.mp4': refused('CONTENT_TYPE_UNSUPPORTED', 'an MP4 video'),
  'broken-data-stream.png': refused('MEDIA_UNREADABLE', 'libpng'),
  'broken-exif-dpi.jpg': taken('image/jpeg', 100, 100),
  'broken.png': refused('MEDIA_UNREADABLE', 'corrupt header'),
  'corrupt-header.jpg': refused('MEDIA_UNREADABLE', 'premature end'),
  'crash-test.gif': taken('image/gif', 800, 533),
  'decompression-bomb-extents.gif': taken('image/gif', 100, 100),
  'decompression-bomb.gif': refused('MEDIA_UNREADABLE', 'corrupt header'),
  'decompression-bomb.ico': refused('CONTENT_TYPE_UNSUPPORTED', 'an icon'),
  'empty.jpg': refused('MEDIA_UNREADABLE', 'empty'),
  'header-only.jpg': refused('MEDIA_UNREADABLE', 'premature end'),
  'html-error.png': refused('CONTENT_TYPE_UNSUPPORTED', 'an HTML page'),
  'huge-65536x65536.png': refused('LIMIT_EXCEEDED', '65536 × 65536'),
  'photoshop-200dpi-broken.jpg': refused('MEDIA_UNREADABLE', 'extraneous bytes'),
  'pngtest-bad.png': refused('MEDIA_UNREADABLE', 'PNG signature'),
  'text-as-jpg.jpg': refused('CONTENT_TYPE_UNSUPPORTED', 'text'),
  'text-as-video.mp4': refused('CONTENT_TYPE_UNSUPPORTED', 'text'),
  'truncated-app14.jpg': refused('MEDIA_UNREADABLE', 'extraneous bytes'),
  'truncated-bus-40k.jpg': refused('MEDIA_UNREADABLE', 'premature end'),
  'truncated-end-chunk.png': taken('image/png', 128, 128),
  'truncated-image.png': refused('MEDIA_UNREADABLE', 'libpng'),
  'truncated-jpeg.jpg': refused('MEDIA_UNREADABLE', 'premature end'),
  'truncated-sharp.jpg': refused('MEDIA_UNREADABLE', 'premature end'),
  'truncated-sharp.png': refused('MEDIA_UNREADABLE', 'libpng'),
  'truncated-video.mp4': refused('CONTENT_TYPE_UNSUPPORTED', 'an MP4 video'),
  'zeros.png': refused('MEDIA_UNREADABLE', 'zero bytes'),
}

const fitInto640 = ({ width, height }: Size): Placement => {
  const ratio = 640 / Math.max(width, height)
  const scaled = { width: Math.max(1, Math.round(width * ratio)), height: Math.max(1, Math.round(height * ratio)) }
  return { scaled, cut: null, padded: scaled, left: 0, top: 0 }
}

const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'taken',
    (error: unknown) => (isLakeError(error) ? error.code : error),
  )

describe.each([
  ['formats', formats],
  ['bad', bad],
])('%s', (folder, expectations) => {
  test('every file of the folder is expected', () => {
    expect(Object.keys(expectations).sort()).toEqual(readdirSync(join(media, folder)).sort())
  })

  test.each(Object.entries(expectations))('%s', async (name, expected) => {
    const data = readFileSync(join(media, folder, name))
    if (typeof expected === 'string') {
      const { mediaType, size, thumbnail } = await probePicture(data, 128)
      expect(taken(mediaType, size.width, size.height)).toBe(expected)
      expect((await probePicture(thumbnail, 0)).mediaType).toBe('image/webp')
      const { pixels, size: decoded } = await decodePicture(data, fitInto640)
      expect(pixels).toHaveLength(decoded.width * decoded.height * 3)
    } else {
      const [code, says] = expected
      await expect(probePicture(data, 128)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(says) as string,
      })
      // A run refuses exactly what an upload refused.
      expect(await failureOf(decodePicture(data, fitInto640))).toBe(code)
    }
  })
})

test('ordinary pictures are taken', async () => {
  for (const name of readdirSync(join(media, 'good'))) {
    const probed = await probePicture(readFileSync(join(media, 'good', name)), 320)
    expect(probed.mediaType).toBe('image/jpeg')
    expect(probed.thumbnail.length).toBeGreaterThan(500)
  }
})
