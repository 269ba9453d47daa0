import { isLakeError, messageOf } from '@lakelens/kernel'
import { type Placement, type Size, isSrgbProfile } from '@lakelens/vision'
import sharp, { type Metadata, type Sharp, type SharpOptions } from 'sharp'
import { sniffContentType } from './contentType'
import { errors } from './errors'
import { createGate } from './gate'

/** Enough for the largest phone sensors (16320 × 12240); a bomb of a few kilobytes can claim billions. */
export const maxPixels = 200_000_000
const maxDecodeSeconds = 60

// A picture that must be held whole to be decoded (turned, interlaced, WebP, AVIF) costs 3 to 4 bytes a pixel, so that all
// those in hand stay below about a gigabyte. Ordinary photographs never wait here.
const decoding = createGate(250_000_000)

// One thread a picture: pictures are many, cores are few, and two threads a picture measured slightly slower.
sharp.concurrency(1)
sharp.cache(false)
// libvips would also read SVG, PDF, camera formats and its own; what isn't listed can't be reached, whatever the bytes say.
sharp.block({ operation: ['VipsForeignLoad'] })
sharp.unblock({
  operation: ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Tiff', 'Heif'].map((loader) => `VipsForeignLoad${loader}Buffer`),
})

// `warning` refuses what merely looks wrong too (bytes missing or left over inside a scan): half a picture must not be
// tagged as if it were whole. Probing and running use the same setting, so what was accepted will run.
const options: SharpOptions = { failOn: 'warning', limitInputPixels: maxPixels, pages: 1 }

export interface Inspected {
  mediaType: string
  /** Upright. */
  size: Size
  /** Its colour profile says sRGB: converting would cost as much as decoding, and change nothing. */
  isSrgb: boolean
  /** As it lies in the file, and the EXIF orientation (1 to 8) that turns it upright. */
  stored: { size: Size; orientation: number }
}

/** Reads the header: what the file is, and how large once turned upright. Throws the picture's own typed error. */
export async function inspectPicture(data: Uint8Array): Promise<Inspected> {
  const sniffed = sniffContentType(data)
  if (!sniffed.readable) {
    if (sniffed.damaged) throw errors.MEDIA_UNREADABLE({ reason: sniffed.reason })
    throw errors.CONTENT_TYPE_UNSUPPORTED({ found: sniffed.found, advice: sniffed.advice })
  }
  // The limit is checked below, where it can be told with the size found.
  const metadata = await decodingErrors(() => sharp(data, { ...options, limitInputPixels: false }).metadata())
  if (metadata.format !== sniffed.format)
    throw errors.MEDIA_UNREADABLE({ reason: `its content is ${metadata.format}, its signature ${sniffed.format}` })
  const { width, height } = uprightSize(metadata)
  if (width * height > maxPixels) {
    throw errors.LIMIT_EXCEEDED({
      what: `is ${width} × ${height}, ${width * height} pixels`,
      limit: `${maxPixels} pixels`,
    })
  }
  return {
    mediaType: sniffed.mediaType,
    size: { width, height },
    isSrgb: metadata.icc !== undefined && isSrgbProfile(metadata.icc),
    stored: {
      size: { width: metadata.width, height: metadata.height },
      orientation: metadata.orientation ?? 1,
    },
  }
}

const uprightSize = ({ width, height, autoOrient }: Metadata): Size => ({
  width: autoOrient?.width ?? width,
  height: autoOrient?.height ?? height,
})

export interface DecodedPicture {
  /** RGB, 8 bits, row by row; alone in its buffer, so that it can be handed to a thread without copying. */
  pixels: Uint8Array<ArrayBuffer>
  /** Of `pixels`. */
  size: Size
  placement: Placement
}

/** Decodes upright, in sRGB, without alpha, at the size and cut that `place` chooses for the picture's own size. */
export async function decodePicture(
  data: Uint8Array,
  place: (picture: Size) => Placement,
  signal?: AbortSignal,
): Promise<DecodedPicture> {
  const inspected = await inspectPicture(data)
  const placement = place(inspected.size)
  const { scaled, cut } = placement
  const { data: pixels, info } = await renderPicture(data, inspected, signal, (picture) => {
    // Linear, as the models' own training and export pipelines resize; half a millisecond less than Lanczos.
    const resized = picture.resize(scaled.width, scaled.height, { fit: 'fill', kernel: 'linear' })
    const part = cut ? resized.extract(cut) : resized
    return part.removeAlpha().raw({ depth: 'uchar' })
  })
  const { width, height } = cut ?? scaled
  if (info.width !== width || info.height !== height || info.channels !== 3) {
    throw errors.MEDIA_UNREADABLE({
      reason: `it decoded to ${info.width} × ${info.height} × ${info.channels}, not ${width} × ${height} × 3`,
    })
  }
  // Copied, a tenth of a millisecond: memory that native code made can't be handed to a thread on Node 24.
  return { pixels: new Uint8Array(pixels), size: { width, height }, placement }
}

/** Runs a pipeline over the upright sRGB picture, within the limits on memory and time. */
export async function renderPicture(
  data: Uint8Array,
  { size, isSrgb }: Inspected,
  signal: AbortSignal | undefined,
  render: (picture: Sharp) => Sharp,
): Promise<{ data: Buffer; info: sharp.OutputInfo }> {
  const leave = await decoding.enter(size.width * size.height, signal)
  try {
    const picture = sharp(data, { ...options, ignoreIcc: isSrgb })
      .timeout({ seconds: maxDecodeSeconds })
      .autoOrient()
      .toColourspace('srgb')
    return await decodingErrors(() => render(picture).toBuffer({ resolveWithObject: true }))
  } finally {
    leave()
  }
}

async function decodingErrors<T>(decode: () => Promise<T>): Promise<T> {
  try {
    return await decode()
  } catch (error) {
    if (isLakeError(error)) throw error
    const text = messageOf(error)
    if (/timeout|timed out/i.test(text)) {
      throw errors.LIMIT_EXCEEDED(
        { what: 'takes too long to decode', limit: `${maxDecodeSeconds} seconds` },
        { cause: error },
      )
    }
    throw errors.MEDIA_UNREADABLE({ reason: firstLine(text) }, { cause: error })
  }
}

// libvips repeats itself line by line, and calls a buffer "Input buffer".
const firstLine = (text: string): string =>
  (text.split('\n', 1)[0] ?? '')
    .replace(/^Input (buffer|file) /, 'it ')
    .replace(/[\s.:]+$/, '')
    .slice(0, 200)
