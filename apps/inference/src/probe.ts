import { inspectPicture, renderPicture } from './decode'
import type { Size } from '@lakelens/vision'

export interface ProbedPicture {
  mediaType: string
  size: Size
  /** WebP; empty when none was asked for. */
  thumbnail: Uint8Array
}

/**
 * Decodes a picture in full, so that a truncated file fails here and not in a run, and makes its thumbnail from that same
 * decode. Shrinking while loading reads all of the file too: JPEG, PNG, WebP, GIF, TIFF and AVIF cut short by 1 to 8,000 bytes failed
 * exactly where a decode at full size did.
 */
export async function probePicture(
  data: Uint8Array,
  thumbnailSize: number,
  signal?: AbortSignal,
): Promise<ProbedPicture> {
  const inspected = await inspectPicture(data)
  const side = thumbnailSize || 16
  const rendered = await renderPicture(data, inspected, signal, (picture) => {
    const small = picture.resize(side, side, { fit: 'inside', withoutEnlargement: true })
    return thumbnailSize ? small.webp({ quality: 80, effort: 2 }) : small.raw()
  })
  const { mediaType, size } = inspected
  return { mediaType, size, thumbnail: thumbnailSize ? rendered.data : new Uint8Array() }
}
