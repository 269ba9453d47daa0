import { type Size, fitInto } from '@lakelens/vision'
import { inspectPicture, renderPicture } from '../decode'
import type { EffectivePython } from './settings'

/** A picture as `input_fn` gets it. */
export interface PreparedPicture {
  contentType: string
  body: Uint8Array
  /** What boxes are in pixels of. */
  size: Size
  /** What turns `size` upright: 1 (it is), but for stored bytes. */
  orientation: number
}

/**
 * Upright, in sRGB, fitted into the box, never enlarged: as a JPEG of quality 95 without colour subsampling, a PNG, or an
 * .npy array of height × width × 3 bytes. `original`: the stored bytes, as they are.
 */
export async function preparePicture(
  data: Uint8Array,
  input: EffectivePython['input'],
  box: Size,
  signal: AbortSignal,
): Promise<PreparedPicture> {
  const inspected = await inspectPicture(data)
  if (input === 'original') return { contentType: inspected.mediaType, body: data, ...inspected.stored }
  const { scaled } = fitInto(inspected.size, box, { stride: 1, align: 'topLeft', enlarge: false })
  const { data: body } = await renderPicture(data, inspected, signal, (picture) => {
    // The kernel that pictures for graphs are resized with, so that one network gives one answer either way.
    const resized = picture.resize(scaled.width, scaled.height, { fit: 'fill', kernel: 'linear' }).removeAlpha()
    if (input === 'jpeg') return resized.jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
    return input === 'png' ? resized.png({ compressionLevel: 1 }) : resized.raw({ depth: 'uchar' })
  })
  if (input === 'npy')
    return { contentType: 'application/x-npy', body: npyOf(body, scaled), size: scaled, orientation: 1 }
  return { contentType: `image/${input}`, body, size: scaled, orientation: 1 }
}

/** NumPy's own file format, version 1.0: what `np.load` reads. */
export function npyOf(pixels: Uint8Array, { width, height }: Size): Buffer {
  const prefix = Buffer.from('\x93NUMPY\x01\x00', 'latin1')
  const header = `{'descr': '|u1', 'fortran_order': False, 'shape': (${height}, ${width}, 3), }`
  // The whole head is a multiple of 64 bytes and ends in a line feed.
  const length = Math.ceil((prefix.length + 2 + header.length + 1) / 64) * 64 - prefix.length - 2
  const size = Buffer.alloc(2)
  size.writeUInt16LE(length)
  return Buffer.concat([prefix, size, Buffer.from(header.padEnd(length - 1) + '\n', 'latin1'), pixels])
}
