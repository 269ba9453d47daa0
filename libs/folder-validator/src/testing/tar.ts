import { gzipSync } from 'node:zlib'

/** An entry of a tar, as it is to be written: nothing is checked, so that what no tar program writes can be. */
export interface RawEntry {
  name: string | Buffer
  data?: string | Buffer
  type?: string
  linkName?: string
  /** Instead of the length of `data`: a number, or the twelve bytes of the field. */
  size?: number | Buffer
  mode?: number
  prefix?: string
  /** Written over the right checksum. */
  checksum?: string
}

const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`

export function header({
  name,
  data = '',
  type = '0',
  linkName = '',
  size,
  mode = 0o644,
  prefix = '',
  checksum,
}: RawEntry): Buffer {
  const block = Buffer.alloc(512)
  Buffer.from(name as string).copy(block, 0, 0, 100)
  block.write(octal(mode, 8), 100)
  block.write(octal(0, 8) + octal(0, 8), 108)
  if (Buffer.isBuffer(size)) size.copy(block, 124)
  else block.write(octal(size ?? Buffer.byteLength(data), 12), 124)
  block.write(octal(0, 12), 136)
  block.write(type, 156, 'latin1')
  block.write(linkName, 157)
  block.write('ustar\x0000', 257, 'latin1')
  block.write(prefix, 345)
  block.fill(' ', 148, 156)
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(checksum ?? `${octal(sum, 7)} `, 148, 'latin1')
  return block
}

const padding = (length: number): Buffer => Buffer.alloc((512 - (length % 512)) % 512)

export function entry(raw: RawEntry): Buffer {
  const data = Buffer.from((raw.data ?? '') as string)
  return Buffer.concat([header(raw), data, padding(data.length)])
}

/** PAX records, as a header of its own before the entry that they speak of. */
export function pax(records: Readonly<Record<string, string | Buffer>>, type: 'x' | 'g' = 'x'): Buffer {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = Buffer.concat([Buffer.from(` ${key}=`), Buffer.from(value as string), Buffer.from('\n')])
    let length = rest.length + 1
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length
    return Buffer.concat([Buffer.from(String(length)), rest])
  })
  return entry({ name: 'PaxHeader', type, data: Buffer.concat(lines) })
}

export const end = Buffer.alloc(1024)

/** A whole tar of entries and of blocks made by hand. */
export const tar = (...parts: (RawEntry | Buffer)[]): Buffer =>
  Buffer.concat([...parts.map((part) => (Buffer.isBuffer(part) ? part : entry(part))), end])

/** A package of files by path, as `tar -czf` packs it. */
export const tarGz = (files: Readonly<Record<string, string | Buffer>>): Buffer =>
  gzipSync(tar(...Object.entries(files).map(([name, data]) => ({ name, data }))), { level: 1 })
