import { gzipSync } from 'node:zlib'
import type { PackageLimits } from '../archive/limits'
import { entry, header, pax, tar, type RawEntry } from './tar'

/** Bytes that must be refused, each with a code of its own. */
export interface HostileArchive {
  what: string
  bytes: Buffer
  check: string
  limits?: Partial<PackageLimits>
}

const good: RawEntry = { name: 'model.onnx', data: 'weights' }
const gz = (bytes: Buffer): Buffer => gzipSync(bytes)
const named = (name: string | Buffer): Buffer => tar(good, { name, data: 'x' })
/** A name that the 100 bytes of the header have no room for, or that must hold a NUL. */
const paxNamed = (name: string | Buffer): Buffer => tar(good, pax({ path: name }), { name: 'short', data: 'x' })
const sized = (size: number | Buffer): Buffer => tar(good, { name: 'weights.pt', size })
const plain = gz(tar(good))
const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[at < 0 ? copy.length + at : at]! ^= 0xff
  return copy
}
/** The gzip head with its flags, the parts they announce, and a tar. */
const gzWith = (flags: number, ...parts: Buffer[]): Buffer =>
  Buffer.concat([Buffer.from([0x1f, 0x8b, 8, flags, 0, 0, 0, 0, 0, 3]), ...parts, plain.subarray(10)])
const asFile = (head: string | Buffer): Buffer => Buffer.concat([Buffer.from(head as string), Buffer.alloc(600, 0x41)])
const negative = Buffer.alloc(12, 0xff)
const huge = Buffer.from([0x80, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff])
const tenGigabytes = Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 2, 0x80, 0, 0, 0])

const bytesOfAnotherKind: HostileArchive[] = [
  { what: 'nothing at all', bytes: Buffer.alloc(0), check: 'archive.empty' },
  { what: 'a ZIP archive', bytes: asFile('PK\x03\x04'), check: 'archive.format' },
  { what: 'a 7-Zip archive', bytes: asFile(Buffer.from('377abcaf271c', 'hex')), check: 'archive.format' },
  { what: 'a RAR archive', bytes: asFile('Rar!\x1a\x07'), check: 'archive.format' },
  { what: 'xz', bytes: asFile(Buffer.from('fd377a585a00', 'hex')), check: 'archive.format' },
  { what: 'bzip2', bytes: asFile('BZh9'), check: 'archive.format' },
  { what: 'zstd', bytes: asFile(Buffer.from('28b52ffd', 'hex')), check: 'archive.format' },
  { what: 'a login page', bytes: asFile('<!DOCTYPE html>'), check: 'archive.format' },
  {
    what: 'a Git LFS pointer',
    bytes: Buffer.from('version https://git-lfs.github.com/spec/v1\n'),
    check: 'archive.format',
  },
  { what: 'random bytes', bytes: Buffer.alloc(2048, 0x5a), check: 'archive.not-tar' },
  { what: 'a gzip of no tar', bytes: gz(Buffer.from('just weights')), check: 'archive.not-tar' },
  { what: 'a gzip of a gzip', bytes: gz(plain), check: 'archive.not-tar' },
]

const brokenGzip: HostileArchive[] = [
  { what: 'gzip cut in its header', bytes: plain.subarray(0, 6), check: 'archive.gzip-truncated' },
  {
    what: 'gzip cut in its data',
    bytes: gz(tar(good, { name: 'w', data: Buffer.alloc(90_000, 'abcdefg') })).subarray(0, -60),
    check: 'archive.gzip-truncated',
  },
  { what: 'gzip cut in its trailer', bytes: plain.subarray(0, -3), check: 'archive.gzip-truncated' },
  {
    what: 'gzip with a name that never ends',
    bytes: gzWith(8, Buffer.alloc(70_000, 0x61)),
    check: 'archive.gzip-header',
  },
  { what: 'gzip of another method', bytes: flipped(plain, 2), check: 'archive.gzip-header' },
  { what: 'gzip with reserved flags', bytes: gzWith(0x80), check: 'archive.gzip-header' },
  {
    what: 'gzip with a wrong checksum of its header',
    bytes: gzWith(2, Buffer.from([1, 2])),
    check: 'archive.gzip-header',
  },
  {
    what: 'gzip with a damaged stream',
    bytes: Buffer.concat([plain.subarray(0, 10), Buffer.alloc(100, 0xff)]),
    check: 'archive.gzip-damaged',
  },
  { what: 'gzip with a wrong CRC', bytes: flipped(plain, -8), check: 'archive.gzip-checksum' },
  { what: 'gzip with a wrong length', bytes: flipped(plain, -4), check: 'archive.gzip-length' },
  {
    what: 'two gzip members',
    bytes: Buffer.concat([plain, gz(tar({ name: 'hidden', data: 'x' }))]),
    check: 'archive.gzip-concatenated',
  },
  {
    what: 'something behind the gzip',
    bytes: Buffer.concat([plain, Buffer.from('#!/bin/sh')]),
    check: 'archive.gzip-trailing',
  },
  {
    what: 'something behind the padding',
    bytes: Buffer.concat([plain, Buffer.alloc(4096), Buffer.from('x')]),
    check: 'archive.gzip-trailing',
  },
]

const brokenTar: HostileArchive[] = [
  {
    what: 'a tar cut in a file',
    bytes: tar(good, { name: 'w.pt', data: Buffer.alloc(4000) }).subarray(0, 3000),
    check: 'archive.truncated',
  },
  { what: 'a tar cut in a header', bytes: tar(good).subarray(0, 1024 + 100), check: 'archive.truncated' },
  { what: 'a tar cut in its padding', bytes: entry(good).subarray(0, 600), check: 'archive.truncated' },
  { what: 'a tar without an end', bytes: entry(good), check: 'archive.no-end' },
  { what: 'a gzipped tar without an end', bytes: gz(entry(good)), check: 'archive.no-end' },
  {
    what: 'a second tar behind the first',
    bytes: gz(Buffer.concat([tar(good), tar({ name: 'hidden', data: 'x' })])),
    check: 'archive.trailing',
  },
  {
    what: 'a header whose checksum is wrong',
    bytes: tar(good, header({ name: 'w', checksum: '0000000\0' })),
    check: 'archive.header-checksum',
  },
  {
    what: 'a first header whose checksum is wrong',
    bytes: tar({ ...good, checksum: '0000000\0' }),
    check: 'archive.header-checksum',
  },
  { what: 'a negative size', bytes: sized(negative), check: 'archive.size-invalid' },
  { what: 'a size beyond numbers', bytes: sized(huge), check: 'archive.size-invalid' },
  {
    what: 'a size that is no octal number',
    bytes: sized(Buffer.from('12345678x\0\0\0')),
    check: 'archive.size-invalid',
  },
  {
    what: 'a folder with data',
    bytes: tar(good, { name: 'code/', type: '5', size: 512 }, Buffer.alloc(512)),
    check: 'archive.size-invalid',
  },
  {
    what: 'a PAX header of a terabyte',
    bytes: tar(good, header({ name: 'p', type: 'x', size: 2 ** 33 - 1 })),
    check: 'archive.pax-too-large',
  },
  {
    what: 'a GNU long name of gigabytes',
    bytes: tar(good, header({ name: 'l', type: 'L', size: 2 ** 32 })),
    check: 'archive.pax-too-large',
  },
  {
    what: 'PAX records that are none',
    bytes: tar(entry({ name: 'p', type: 'x', data: 'path=../x\n' }), good),
    check: 'archive.pax-invalid',
  },
  {
    what: 'a PAX record longer than its header',
    bytes: tar(entry({ name: 'p', type: 'x', data: '99 path=x\n' }), good),
    check: 'archive.pax-invalid',
  },
  { what: 'a PAX size that is no number', bytes: tar(pax({ size: '-1' }), good), check: 'archive.pax-invalid' },
  {
    what: 'two PAX headers for one entry',
    bytes: tar(pax({ path: 'a' }), pax({ path: 'b' }), good),
    check: 'archive.pax-invalid',
  },
  {
    what: 'a path for every entry at once',
    bytes: tar(pax({ path: 'code/inference.py' }, 'g'), good),
    check: 'archive.pax-invalid',
  },
  { what: 'a PAX header of nothing', bytes: tar(good, pax({ path: 'x' })), check: 'archive.pax-invalid' },
]

const badNames: HostileArchive[] = [
  { what: 'an absolute path', bytes: named('/etc/cron.d/x'), check: 'archive.path-absolute' },
  { what: 'an absolute path by PAX', bytes: paxNamed('/etc/cron.d/x'), check: 'archive.path-absolute' },
  {
    what: 'an absolute path by GNU long name',
    bytes: tar(entry({ name: '././@LongLink', type: 'L', data: '/etc/x\0' }), good),
    check: 'archive.path-absolute',
  },
  { what: 'a path upwards', bytes: named('../escaped'), check: 'archive.path-traversal' },
  { what: 'a path that comes back', bytes: named('code/../../escaped'), check: 'archive.path-traversal' },
  {
    what: 'a path upwards in its prefix',
    bytes: tar(good, { name: 'x', prefix: 'a/../..', data: 'x' }),
    check: 'archive.path-traversal',
  },
  { what: 'a path upwards among litter', bytes: named('../.DS_Store'), check: 'archive.path-traversal' },
  { what: 'backslashes', bytes: named('code\\..\\..\\x'), check: 'archive.path-backslash' },
  { what: 'a drive letter', bytes: named('C:/x'), check: 'archive.path-drive' },
  { what: 'an empty name in between', bytes: named('code//inference.py'), check: 'archive.name-empty' },
  { what: 'a dot in between', bytes: named('code/./inference.py'), check: 'archive.name-empty' },
  { what: 'no name', bytes: named(''), check: 'archive.name-empty' },
  { what: 'a NUL in a PAX name', bytes: paxNamed('model.onnx\0.txt'), check: 'archive.name-control' },
  { what: 'a line break', bytes: named('a\nb'), check: 'archive.name-control' },
  { what: 'a terminal’s escape', bytes: named('a\x1b[2Jb'), check: 'archive.name-control' },
  { what: 'text turned around', bytes: named('inference\u202eyp.exe'), check: 'archive.name-control' },
  { what: 'Latin-1', bytes: named(Buffer.from('mod\xe8le.onnx', 'latin1')), check: 'archive.name-encoding' },
  { what: 'half of a UTF-8 letter by PAX', bytes: paxNamed(Buffer.from([0x61, 0xc3])), check: 'archive.name-encoding' },
  { what: 'a surrogate in UTF-8', bytes: named(Buffer.from([0x61, 0xed, 0xa0, 0x80])), check: 'archive.name-encoding' },
  { what: 'a name of 300 letters', bytes: paxNamed('x'.repeat(300)), check: 'archive.name-too-long' },
  {
    what: 'a path of 2,000 letters',
    bytes: paxNamed(`${'x'.repeat(200)}/`.repeat(10) + 'x'),
    check: 'archive.name-too-long',
  },
  { what: 'a hundred folders', bytes: paxNamed('d/'.repeat(100) + 'x'), check: 'archive.too-deep' },
  { what: 'one file twice', bytes: tar(good, good), check: 'archive.duplicate' },
  {
    what: 'one file twice, once with ./',
    bytes: tar(good, { name: './model.onnx', data: 'other' }),
    check: 'archive.duplicate',
  },
  {
    what: 'names that differ in case',
    bytes: tar(good, { name: 'Model.onnx', data: 'x' }),
    check: 'archive.case-collision',
  },
  {
    what: 'folders that differ in case',
    bytes: tar({ name: 'code/a', data: 'x' }, { name: 'Code/b', data: 'x' }),
    check: 'archive.case-collision',
  },
  {
    what: 'names that fold to one',
    bytes: tar({ name: 'straße', data: 'x' }, { name: 'STRASSE', data: 'x' }),
    check: 'archive.case-collision',
  },
  {
    what: 'one name in two ways of Unicode',
    bytes: tar({ name: 'mod\u00e8le', data: 'x' }, { name: 'mode\u0300le', data: 'x' }),
    check: 'archive.unicode-collision',
  },
  {
    what: 'a file that is a folder, too',
    bytes: tar({ name: 'code', data: 'x' }, { name: 'code/x', data: 'x' }),
    check: 'archive.file-and-folder',
  },
  {
    what: 'a folder that is a file, too',
    bytes: tar({ name: 'code/', type: '5' }, { name: 'code', data: 'x' }),
    check: 'archive.file-and-folder',
  },
]

const badKinds: HostileArchive[] = [
  {
    what: 'a link upwards',
    bytes: tar(good, { name: 'code', type: '2', linkName: '../..' }),
    check: 'archive.link-outside',
  },
  {
    what: 'an absolute link',
    bytes: tar(good, { name: 'p', type: '2', linkName: '/etc/passwd' }),
    check: 'archive.link-outside',
  },
  {
    what: 'a link, and a file through it',
    bytes: tar({ name: 'd', type: '2', linkName: '/tmp' }, { name: 'd/x', data: 'x' }),
    check: 'archive.link-outside',
  },
  {
    what: 'a link upwards by PAX',
    bytes: tar(pax({ linkpath: '../../x' }), { name: 'p', type: '2', linkName: 'ok' }),
    check: 'archive.link-outside',
  },
  {
    what: 'a hard link outside',
    bytes: tar(good, { name: 'p', type: '1', linkName: '../../etc/shadow' }),
    check: 'archive.link-outside',
  },
  {
    what: 'a link inside',
    bytes: tar(good, { name: 'weights.onnx', type: '2', linkName: 'model.onnx' }),
    check: 'archive.link',
  },
  {
    what: 'a hard link inside',
    bytes: tar(good, { name: 'weights.onnx', type: '1', linkName: 'model.onnx' }),
    check: 'archive.hard-link',
  },
  { what: 'a character device', bytes: tar(good, { name: 'zero', type: '3' }), check: 'archive.device' },
  { what: 'a block device', bytes: tar(good, { name: 'sda', type: '4' }), check: 'archive.device' },
  { what: 'a named pipe', bytes: tar(good, { name: 'pipe', type: '6' }), check: 'archive.fifo' },
  { what: 'GNU’s sparse file', bytes: tar(good, { name: 'w.pt', type: 'S', data: 'x' }), check: 'archive.sparse' },
  {
    what: 'PAX’ sparse file',
    bytes: tar(good, pax({ 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '1099511627776' }), {
      name: 'w.pt',
      data: 'x',
    }),
    check: 'archive.sparse',
  },
  { what: 'a continued volume', bytes: tar(good, { name: 'w.pt', type: 'M', data: 'x' }), check: 'archive.entry-type' },
  { what: 'a volume label', bytes: tar({ name: 'label', type: 'V' }, good), check: 'archive.entry-type' },
]

const tooMuch: HostileArchive[] = [
  { what: 'a declared file of 10 GB', bytes: sized(tenGigabytes), check: 'archive.file-too-large' },
  {
    what: 'more files than allowed',
    bytes: tar(...Array.from({ length: 9 }, (_, i) => ({ name: `f${i}` }))),
    check: 'archive.too-many-files',
    limits: { maxFiles: 8 },
  },
  {
    what: 'more litter than allowed',
    bytes: tar(...Array.from({ length: 9 }, (_, i) => ({ name: `._${i}` }))),
    check: 'archive.too-many-files',
    limits: { maxFiles: 8 },
  },
  {
    what: 'files larger than allowed together',
    bytes: tar({ name: 'a', data: Buffer.alloc(600) }, { name: 'b', data: Buffer.alloc(600) }),
    check: 'archive.unpacked-too-large',
    limits: { maxUnpackedBytes: 1000 },
  },
  {
    what: 'zeros without end behind the tar',
    bytes: gz(Buffer.concat([tar(good), Buffer.alloc(3_000_000)])),
    check: 'archive.unpacked-too-large',
    limits: { maxUnpackedBytes: 100_000, maxFiles: 10 },
  },
  {
    what: 'an archive larger than allowed',
    bytes: tar({ name: 'a', data: Buffer.alloc(100_000) }),
    check: 'archive.too-large',
    limits: { maxCompressedBytes: 50_000 },
  },
  {
    what: 'a bomb',
    bytes: gz(tar({ name: 'w.pt', data: Buffer.alloc(8_000_000) })),
    check: 'archive.ratio',
    limits: { ratioFloorBytes: 1_000_000 },
  },
  { what: 'folders alone', bytes: tar({ name: 'code/', type: '5' }), check: 'archive.no-files' },
  { what: 'litter alone', bytes: tar({ name: '.DS_Store', data: 'x' }), check: 'archive.no-files' },
  { what: 'an end and nothing before it', bytes: gz(Buffer.alloc(10_240)), check: 'archive.no-files' },
]

export const hostileArchives: readonly HostileArchive[] = [
  ...bytesOfAnotherKind,
  ...brokenGzip,
  ...brokenTar,
  ...badNames,
  ...badKinds,
  ...tooMuch,
]
