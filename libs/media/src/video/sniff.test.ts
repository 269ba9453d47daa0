import { sniffVideo } from './sniff'

const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')
const box = (kind: string, rest: string): Buffer => bytes(`\0\0\0\x20${kind}${rest}${'\0'.repeat(16)}`)
const ebml = (type: string): Buffer =>
  bytes(`\x1aE\xdf\xa3\x9f\x42\x86\x81\x01\x42\x82${String.fromCharCode(0x80 + type.length)}${type}\x42\x87\x81\x04`)

test.each([
  [box('ftyp', 'isom\0\0\x02\0isomiso2avc1mp41'), 'mov', 'video/mp4'],
  [box('ftyp', 'mp42\0\0\0\0'), 'mov', 'video/mp4'],
  [box('ftyp', 'qt  \0\0\0\0'), 'mov', 'video/quicktime'],
  [box('moov', 'anything'), 'mov', 'video/quicktime'],
  [box('wide', '\0\0\0\0mdat'), 'mov', 'video/quicktime'],
  [ebml('matroska'), 'matroska', 'video/x-matroska'],
  [ebml('webm'), 'matroska', 'video/webm'],
])('%# a container is told by its bytes', (head, demuxer, mediaType) => {
  expect(sniffVideo(head)).toEqual({ demuxer, mediaType })
})

// Each of these makes a decoder that guesses the format open other files or addresses, whatever the file is called.
test.each([
  ['a playlist', '#EXTM3U\n#EXTINF:10,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n'],
  ['a list of files to join', "ffconcat version 1.0\nfile '/etc/passwd'\n"],
  ['a manifest', '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"></MPD>'],
  ['a description of a session', 'v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n'],
  ['a list of pictures', '%04d.jpg'],
  ['text that ends like a container', 'x'.repeat(64) + 'ftypisom'],
  ['a playlist behind a container it never becomes', '#EXTM3U ftypisom'],
])('%s is no video', (_name, text) => {
  expect(sniffVideo(bytes(text))).toBeNull()
})

test.each([
  ['a picture in the same boxes', box('ftyp', 'avif\0\0\0\0avifmif1')],
  ['another', box('ftyp', 'heic\0\0\0\0mif1heic')],
  ['EBML of another kind', ebml('notvideo')],
  ['EBML that says nothing', bytes(`\x1aE\xdf\xa3${'\0'.repeat(200)}webm`)],
  ['a type that is said too late', bytes(`\x1aE\xdf\xa3${'\0'.repeat(300)}\x42\x82\x84webm`)],
  ['nothing', Buffer.alloc(0)],
  ['three bytes', bytes('\x1aE\xdf')],
  ['a box without a brand', bytes('\0\0\0\x08ftyp')],
  ['a JPEG', bytes('\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01')],
])('%s is no video', (_name, head) => {
  expect(sniffVideo(head)).toBeNull()
})

test('a view into a larger buffer is read where it lies', () => {
  const whole = Buffer.concat([bytes('garbage!'), ebml('webm')])
  expect(sniffVideo(whole.subarray(8))).toMatchObject({ mediaType: 'video/webm' })
})
