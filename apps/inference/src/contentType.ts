/** What a file is by its first bytes; a name or a header sent along is never believed. */
export type Sniffed =
  | { readable: true; mediaType: string; format: string }
  | { readable: false; damaged: true; reason: string }
  | { readable: false; damaged: false; found: string; advice: string }

const accepted = 'Pictures may be JPEG, PNG, WebP, GIF, TIFF or AVIF'
const convert = `${accepted}: convert it and upload it again.`
const wrongKind = `It is not a picture. ${accepted}.`
// What videos may be is decided before anything comes here: of these kinds none is taken.
const wrongVideo = 'Videos may be MP4, MOV, MKV or WebM: convert it and upload it again.'

interface Row {
  at?: number
  magic: string
  result: Sniffed
}

const reads = (mediaType: string, format: string): Sniffed => ({ readable: true, mediaType, format })
const refuses = (found: string, advice: string): Sniffed => ({ readable: false, damaged: false, found, advice })

const damagedPng: Sniffed = {
  readable: false,
  damaged: true,
  reason: 'its PNG signature is damaged, as by a transfer in text mode',
}

// First match wins; `magic` is Latin-1, so that every byte is one character.
const table: readonly Row[] = [
  { magic: '\xff\xd8\xff', result: reads('image/jpeg', 'jpeg') },
  { magic: '\x89PNG\r\n\x1a\n', result: reads('image/png', 'png') },
  { magic: '\x89PNG', result: damagedPng },
  { magic: 'PNG\r\n', result: damagedPng },
  { magic: 'GIF87a', result: reads('image/gif', 'gif') },
  { magic: 'GIF89a', result: reads('image/gif', 'gif') },
  // Canon's raw format calls itself TIFF, and would be read as its small preview.
  { at: 8, magic: 'CR\x02\0', result: refuses('a raw camera file (CR2)', convert) },
  { magic: 'II*\0', result: reads('image/tiff', 'tiff') },
  { magic: 'MM\0*', result: reads('image/tiff', 'tiff') },
  { magic: 'II+\0', result: reads('image/tiff', 'tiff') },
  { magic: 'MM\0+', result: reads('image/tiff', 'tiff') },
  { magic: 'BM', result: refuses('a BMP picture', convert) },
  { magic: '\0\0\x01\0', result: refuses('an icon (ICO)', convert) },
  { magic: '\0\0\x02\0', result: refuses('a cursor (CUR)', convert) },
  { magic: '\xff\x0a', result: refuses('a JPEG XL picture', convert) },
  { magic: '\0\0\0\x0cJXL ', result: refuses('a JPEG XL picture', convert) },
  { magic: '\0\0\0\x0cjP  ', result: refuses('a JPEG 2000 picture', convert) },
  { magic: '\xff\x4f\xff\x51', result: refuses('a JPEG 2000 picture', convert) },
  { magic: '8BPS', result: refuses('a Photoshop document', convert) },
  { magic: '%PDF', result: refuses('a PDF document', convert) },
  { magic: '%!PS', result: refuses('a PostScript document', convert) },
  { magic: '\x1aE\xdf\xa3', result: refuses('a Matroska or WebM video', wrongKind) },
  { magic: 'FLV\x01', result: refuses('a Flash video', wrongVideo) },
  { magic: '\x30\x26\xb2\x75', result: refuses('a Windows Media file', wrongVideo) },
  { magic: '\0\0\x01\xba', result: refuses('an MPEG program stream', wrongVideo) },
  { magic: 'OggS', result: refuses('an Ogg stream', wrongVideo) },
  { magic: 'ID3', result: refuses('an MP3 recording', wrongKind) },
  { magic: 'fLaC', result: refuses('a FLAC recording', wrongKind) },
  { magic: 'PK\x03\x04', result: refuses('a ZIP archive', `${wrongKind} Unpack it first.`) },
  { magic: '\x1f\x8b', result: refuses('a gzip archive', `${wrongKind} Unpack it first.`) },
]

const riff: Readonly<Record<string, Sniffed>> = {
  WEBP: reads('image/webp', 'webp'),
  'AVI ': refuses('an AVI video', wrongVideo),
  WAVE: refuses('a WAVE recording', wrongKind),
}

const hevcBrands = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs']

// ISO base media: the brand says which of a dozen formats it is; `mif1` alone says only "some HEIF", then the list of
// compatible brands decides.
function sniffBrands(text: string): Sniffed {
  const length = Math.min(text.length, Math.max(16, text.charCodeAt(2) * 256 + text.charCodeAt(3)))
  const brands = [text.slice(8, 12), ...(text.slice(16, length).match(/[^]{4}/g) ?? [])]
  if (brands.includes('avif') || brands.includes('avis')) return reads('image/avif', 'heif')
  if (brands.some((brand) => hevcBrands.includes(brand)) || brands[0] === 'mif1')
    return refuses('a HEIC picture', `The decoder has no HEVC, which is patented. ${convert}`)
  if (brands[0] === 'crx ') return refuses('a raw camera file (CR3)', convert)
  if (brands[0]?.startsWith('M4A')) return refuses('an MPEG-4 recording', wrongKind)
  return refuses(brands[0] === 'qt  ' ? 'a QuickTime video' : 'an MP4 video', wrongKind)
}

function sniffText(text: string): Sniffed | undefined {
  // Control characters other than tab, line feed, form feed, carriage return and escape mean that it isn't text.
  if (/[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]/.test(text)) return undefined
  const start = text
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
    .toLowerCase()
  if (/<svg[\s>]/.test(start) && start.startsWith('<'))
    return refuses('an SVG drawing', `SVG is refused because it may hold scripts. ${convert}`)
  if (start.startsWith('<!doctype html') || start.startsWith('<html'))
    return refuses('an HTML page', 'Probably an error page was saved in place of the picture: fetch the picture again.')
  if (start.startsWith('<')) return refuses('an XML or HTML document', wrongKind)
  return refuses('text', wrongKind)
}

/** Names the type of a file by its content. `readable` means worth giving to the decoder, not that it will decode. */
export function sniffContentType(data: Uint8Array): Sniffed {
  if (data.byteLength === 0) return { readable: false, damaged: true, reason: 'the file is empty' }
  const head = Buffer.from(data.buffer, data.byteOffset, Math.min(data.byteLength, 1024))
  const text = head.toString('latin1')
  const row = table.find(({ at = 0, magic }) => text.startsWith(magic, at))
  if (row) return row.result
  if (text.startsWith('RIFF')) return riff[text.slice(8, 12)] ?? refuses('a RIFF file of unknown kind', wrongKind)
  if (text.startsWith('ftyp', 4)) return sniffBrands(text)
  // UTF-16 text, among it SVG, has a byte order mark; without reading it further it is refused as text.
  if (/^(\xff\xfe|\xfe\xff)/.test(text)) return refuses('text (UTF-16)', wrongKind)
  if (data.every((byte) => byte === 0))
    return { readable: false, damaged: true, reason: 'it holds nothing but zero bytes' }
  return sniffText(text) ?? refuses('of no known picture type', `${accepted}.`)
}
