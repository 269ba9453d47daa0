/** What a file is held to be by its first bytes. The demuxer is forced to it, so that a file never chooses its own. */
export interface VideoContainer {
  demuxer: 'mov' | 'matroska'
  mediaType: 'video/mp4' | 'video/quicktime' | 'video/x-matroska' | 'video/webm'
}

/** Bytes of the beginning that decide. */
export const sniffedBytes = 4096

// Brands of ISO base media that are pictures (HEIF, AVIF, Canon's raw): the same boxes, another kind of file.
const pictureBrands = /^(avif|avis|hei[cmxs]|hev[cmxs]|mif1|msf1|crx )$/
// QuickTime before there were brands begins with one of these boxes.
const oldQuickTime = /^(moov|mdat|wide|free|skip|pnot)$/

/**
 * Names the container of a video by its content; null when it is none that is taken. A name or a type sent along is never
 * believed: a playlist or a list of files to join, called `.mp4`, would make a decoder that guesses open other files and addresses.
 */
export function sniffVideo(head: Uint8Array): VideoContainer | null {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, sniffedBytes))
  const text = bytes.toString('latin1')
  if (text.startsWith('\x1aE\xdf\xa3')) return sniffMatroska(text)
  const box = text.slice(4, 8)
  if (bytes.byteLength < 12) return null
  if (box !== 'ftyp') return oldQuickTime.test(box) ? { demuxer: 'mov', mediaType: 'video/quicktime' } : null
  const brand = text.slice(8, 12)
  if (pictureBrands.test(brand)) return null
  return { demuxer: 'mov', mediaType: brand === 'qt  ' ? 'video/quicktime' : 'video/mp4' }
}

/** EBML: the document type (element 42 82) says whose document it is. */
function sniffMatroska(text: string): VideoContainer | null {
  const type = /\x42\x82[\x80-\x90](matroska|webm)/.exec(text.slice(0, 256))?.[1]
  if (type === undefined) return null
  return { demuxer: 'matroska', mediaType: type === 'webm' ? 'video/webm' : 'video/x-matroska' }
}
