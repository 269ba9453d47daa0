import { sniffContentType } from './contentType'

const bytes = (latin1: string): Buffer => Buffer.from(latin1, 'latin1')
const padded = (latin1: string): Buffer => Buffer.concat([bytes(latin1), Buffer.alloc(64, 7)])
const brands = (...names: string[]): Buffer =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 8 + 4 * (names.length + 1)]),
    bytes(`ftyp${names[0]}\0\0\0\0${names.slice(1).join('')}`),
    Buffer.alloc(32, 7),
  ])

test.each([
  ['image/jpeg', padded('\xff\xd8\xff\xe0')],
  ['image/png', padded('\x89PNG\r\n\x1a\n')],
  ['image/gif', padded('GIF89a')],
  ['image/gif', padded('GIF87a')],
  ['image/webp', padded('RIFF\x10\0\0\0WEBPVP8 ')],
  ['image/tiff', padded('II*\0')],
  ['image/tiff', padded('MM\0*')],
  ['image/tiff', padded('MM\0+')],
  ['image/avif', brands('avif', 'mif1', 'miaf')],
  ['image/avif', brands('mif1', 'miaf', 'avif')],
])('%s is read', (mediaType, data) => {
  expect(sniffContentType(data)).toMatchObject({ readable: true, mediaType })
})

test.each([
  ['a HEIC picture', brands('heic', 'mif1')],
  ['a HEIC picture', brands('mif1', 'heic')],
  ['an MP4 video', brands('isom', 'iso2', 'mp41')],
  ['a QuickTime video', brands('qt  ')],
  ['an MPEG-4 recording', brands('M4A ')],
  ['a raw camera file (CR3)', brands('crx ')],
  ['a raw camera file (CR2)', padded('II*\0\x10\0\0\0CR\x02\0')],
  ['a BMP picture', padded('BM')],
  ['an icon (ICO)', padded('\0\0\x01\0\x01\0')],
  ['a JPEG XL picture', padded('\xff\x0a')],
  ['a JPEG 2000 picture', padded('\0\0\0\x0cjP  ')],
  ['a Photoshop document', padded('8BPS')],
  ['a PDF document', padded('%PDF-1.7')],
  ['an AVI video', padded('RIFF\x10\0\0\0AVI ')],
  ['a Flash video', padded('FLV\x01\x05')],
  ['a Windows Media file', padded('\x30\x26\xb2\x75\x8e\x66')],
  ['an MPEG program stream', padded('\0\0\x01\xba')],
  ['an Ogg stream', padded('OggS')],
  ['a Matroska or WebM video', padded('\x1aE\xdf\xa3')],
  ['a ZIP archive', padded('PK\x03\x04')],
  ['a gzip archive', padded('\x1f\x8b\x08')],
  ['an SVG drawing', bytes('<svg xmlns="http://www.w3.org/2000/svg"/>')],
  ['an SVG drawing', bytes('\xef\xbb\xbf\n <?xml version="1.0"?><!-- x --><svg >')],
  ['an SVG drawing', bytes('<!DOCTYPE svg PUBLIC "x">\n<SVG width="1">')],
  ['an HTML page', bytes('<!doctype html><title>404</title>')],
  ['an HTML page', bytes('<html><body>404</body></html>')],
  ['an XML or HTML document', bytes('<rss/>')],
  ['text', bytes('{"error": "not found"}')],
  ['text (UTF-16)', bytes('\xff\xfe<\0s\0v\0g\0')],
  ['of no known picture type', Buffer.from([1, 2, 3, 4, 5, 200, 201])],
])('%s is refused by that name, with what to do', (found, data) => {
  expect(sniffContentType(data)).toEqual({
    readable: false,
    damaged: false,
    found,
    advice: expect.stringMatching(/\w.*\.$/) as string,
  })
})

test.each([
  ['empty', Buffer.alloc(0)],
  ['zero bytes', Buffer.alloc(5000)],
  ['PNG signature is damaged', padded('\x89PNG\n\x1a\n')],
  ['PNG signature is damaged', padded('PNG\r\n\x1a\n')],
])('what is damaged beyond its type says so: %s', (reason, data) => {
  expect(sniffContentType(data)).toEqual({
    readable: false,
    damaged: true,
    reason: expect.stringContaining(reason) as string,
  })
})
