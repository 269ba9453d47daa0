import { archiveError } from './errors'
import { blockBytes, isHeader } from './tarHeader'

const signatures: readonly (readonly [prefix: string, name: string])[] = [
  ['504b0304', 'a ZIP archive (which a PyTorch checkpoint is, too)'],
  ['504b0506', 'an empty ZIP archive'],
  ['377abcaf271c', 'a 7-Zip archive'],
  ['526172211a07', 'a RAR archive'],
  ['fd377a585a00', 'packed by xz'],
  ['425a68', 'packed by bzip2'],
  ['28b52ffd', 'packed by zstd'],
  ['04224d18', 'packed by lz4'],
  ['1f9d', 'packed by compress'],
  ['3c21444f43545950', 'a web page'],
  ['3c21646f63747970', 'a web page'],
  ['3c68746d6c', 'a web page'],
  ['894844460d0a1a0a', 'an HDF5 file'],
  [Buffer.from('version https://git-lfs').toString('hex'), 'a Git LFS pointer and not the file it stands for'],
]

/** What an archive is, told by its first block. Throws by name for what is none. */
export function sniffArchive(block: Buffer): 'gzip' | 'tar' {
  if (block.length === 0) throw archiveError('ARCHIVE_EMPTY')
  if (block[0] === 0x1f && block[1] === 0x8b) return 'gzip'
  const start = block.toString('hex', 0, 32)
  const known = signatures.find(([prefix]) => start.startsWith(prefix))
  if (known) throw archiveError('ARCHIVE_FORMAT', { detail: known[1] })
  requireTar(block, 'The file')
  return 'tar'
}

/** A tar begins with a header; one whose magic is there and whose checksum is not is a damaged tar, said by its reader. */
export function requireTar(block: Buffer, what: string): void {
  const magic = block.toString('latin1', 257, 262) === 'ustar'
  if (isHeader(block) || (magic && block.length === blockBytes)) return
  throw archiveError('ARCHIVE_NOT_TAR', { detail: what })
}
