import { defineErrors, type ErrorCategory, type LakeError } from '@lakelens/kernel'

/** What an archive's error says beside its code. */
export interface ArchiveFacts {
  /** The entry at fault, as the archive names it (may hold anything). */
  file?: string
  /** The particulars: a size, a kind, the other name. */
  detail?: string
}
type ArchiveRow = readonly [check: string, message: (facts: Named) => string, hint: string, category?: ErrorCategory]
/** `entry`: the name, quoted, for a sentence. */
type Named = { entry: string; detail: string }

const packAgain = 'Pack it again with `tar -czf model.tar.gz -C <folder> .` and send that.'
const packAgainFromCopy =
  'Copy the folder to a plain one and pack that: `tar --dereference -czf model.tar.gz -C <folder> .`.'
const rename = 'Rename it to plain letters, digits, `.`, `_` and `-`, and pack again.'
const sendAgain = 'The transfer was cut or the file is damaged: send it again, or pack it again.'
const notAsPacked = 'No usual tar writes this. ' + packAgain

const rows = {
  // The bytes as they come.
  ARCHIVE_EMPTY: ['archive.empty', () => 'The archive has no bytes.', packAgain],
  ARCHIVE_FORMAT: [
    'archive.format',
    ({ detail }) => `The file is ${detail}, by its first bytes, and a .tar.gz or .tar is wanted.`,
    packAgain,
  ],
  ARCHIVE_NOT_TAR: [
    'archive.not-tar',
    ({ detail }) => `${detail} is not a tar archive: it does not begin with a tar header.`,
    packAgain,
  ],
  ARCHIVE_GZIP_HEADER: ['archive.gzip-header', ({ detail }) => `The gzip header is not valid: ${detail}.`, packAgain],
  ARCHIVE_GZIP_DAMAGED: [
    'archive.gzip-damaged',
    ({ detail }) => `The compressed data are damaged (${detail}).`,
    sendAgain,
  ],
  ARCHIVE_GZIP_TRUNCATED: ['archive.gzip-truncated', () => 'The gzip file ends in the middle.', sendAgain],
  ARCHIVE_GZIP_CHECKSUM: ['archive.gzip-checksum', () => "gzip's CRC-32 does not match the unpacked data.", sendAgain],
  ARCHIVE_GZIP_LENGTH: [
    'archive.gzip-length',
    () => 'The length that gzip notes at its end is not that of the unpacked data.',
    sendAgain,
  ],
  ARCHIVE_GZIP_CONCATENATED: [
    'archive.gzip-concatenated',
    () => 'A second gzip member follows the first: programs disagree on whether to read it.',
    packAgain,
  ],
  ARCHIVE_GZIP_TRAILING: ['archive.gzip-trailing', () => 'Bytes that are not gzip follow the gzip data.', packAgain],
  ARCHIVE_TRUNCATED: ['archive.truncated', ({ entry }) => `The tar ends in the middle of ${entry}.`, sendAgain],
  ARCHIVE_NO_END: [
    'archive.no-end',
    () => "The tar lacks its end marker, so it can't be told from one that was cut.",
    sendAgain,
  ],
  ARCHIVE_TRAILING: [
    'archive.trailing',
    () => 'Data follow the end of the tar: a second archive, or something hidden.',
    packAgain,
  ],

  // Headers.
  ARCHIVE_HEADER_CHECKSUM: [
    'archive.header-checksum',
    ({ detail }) => `The tar header ${detail} does not match its own checksum.`,
    sendAgain,
  ],
  ARCHIVE_SIZE_INVALID: [
    'archive.size-invalid',
    ({ entry, detail }) => `The size of ${entry} can't be: ${detail}.`,
    notAsPacked,
  ],
  ARCHIVE_PAX_INVALID: [
    'archive.pax-invalid',
    ({ detail }) => `An extended tar header is not valid: ${detail}.`,
    notAsPacked,
  ],
  ARCHIVE_PAX_TOO_LARGE: [
    'archive.pax-too-large',
    ({ detail }) => `An extended tar header announces ${detail}, more than any name or attribute takes.`,
    'Pack without extended attributes (`tar --no-xattrs`).',
  ],

  // Names.
  ARCHIVE_NAME_ENCODING: ['archive.name-encoding', ({ entry }) => `The name ${entry} is not UTF-8.`, rename],
  ARCHIVE_NAME_CONTROL: ['archive.name-control', ({ entry }) => `The name ${entry} holds control characters.`, rename],
  ARCHIVE_NAME_EMPTY: [
    'archive.name-empty',
    ({ entry }) => `The path ${entry} holds an empty name or a "." between its slashes.`,
    packAgain,
  ],
  ARCHIVE_NAME_TOO_LONG: ['archive.name-too-long', ({ entry, detail }) => `The name ${entry} is ${detail}.`, rename],
  ARCHIVE_TOO_DEEP: [
    'archive.too-deep',
    ({ entry, detail }) => `${entry} lies ${detail}.`,
    'Lay the files into fewer folders.',
  ],
  ARCHIVE_PATH_ABSOLUTE: ['archive.path-absolute', ({ entry }) => `The path ${entry} is absolute.`, packAgain],
  ARCHIVE_PATH_TRAVERSAL: ['archive.path-traversal', ({ entry }) => `The path ${entry} climbs with "..".`, packAgain],
  ARCHIVE_PATH_BACKSLASH: [
    'archive.path-backslash',
    ({ entry }) => `The path ${entry} holds a backslash, which is a separator on some systems and a letter on others.`,
    'Write folders with `/`, and rename files whose names hold a backslash.',
  ],
  ARCHIVE_PATH_DRIVE: ['archive.path-drive', ({ entry }) => `The path ${entry} begins with a drive letter.`, packAgain],
  ARCHIVE_DUPLICATE: ['archive.duplicate', ({ entry }) => `${entry} is in the archive twice.`, packAgain],
  ARCHIVE_CASE_COLLISION: [
    'archive.case-collision',
    ({ entry, detail }) => `${entry} and ${detail} differ only in case, and are one file on many systems.`,
    'Rename one of them.',
  ],
  ARCHIVE_UNICODE_COLLISION: [
    'archive.unicode-collision',
    ({ entry, detail }) => `${entry} and ${detail} are one name, written in two ways of Unicode.`,
    'Rename one of them.',
  ],
  ARCHIVE_FILE_AND_FOLDER: [
    'archive.file-and-folder',
    ({ entry }) => `${entry} is both a file and a folder.`,
    packAgain,
  ],

  // Kinds.
  ARCHIVE_LINK_OUTSIDE: [
    'archive.link-outside',
    ({ entry, detail }) => `${entry} is a link that leaves the package (to ${detail}).`,
    packAgainFromCopy,
  ],
  ARCHIVE_LINK: [
    'archive.link',
    ({ entry, detail }) => `${entry} is a symbolic link (to ${detail}), and only plain files are taken.`,
    packAgainFromCopy,
  ],
  ARCHIVE_HARD_LINK: [
    'archive.hard-link',
    ({ entry, detail }) => `${entry} is a hard link (to ${detail}), and only plain files are taken.`,
    'Pack with `tar --hard-dereference`.',
  ],
  ARCHIVE_DEVICE: ['archive.device', ({ entry }) => `${entry} is a device.`, 'Leave it out.'],
  ARCHIVE_FIFO: ['archive.fifo', ({ entry }) => `${entry} is a named pipe.`, 'Leave it out.'],
  ARCHIVE_SOCKET: ['archive.socket', ({ entry }) => `${entry} is a socket.`, 'Leave it out.'],
  ARCHIVE_SPARSE: ['archive.sparse', ({ entry }) => `${entry} is a sparse file.`, 'Pack without `--sparse` (`-S`).'],
  ARCHIVE_ENTRY_TYPE: [
    'archive.entry-type',
    ({ entry, detail }) => `${entry} is an entry of a kind that is not read (${detail}).`,
    packAgain,
  ],

  // Amounts.
  ARCHIVE_TOO_MANY_FILES: [
    'archive.too-many-files',
    ({ detail }) => `The package holds more than ${detail} entries.`,
    'Leave out what the model does not need.',
    'LIMIT_EXCEEDED',
  ],
  ARCHIVE_TOO_LARGE: [
    'archive.too-large',
    ({ detail }) => `The archive is larger than ${detail}.`,
    'Leave out what the model does not need.',
    'LIMIT_EXCEEDED',
  ],
  ARCHIVE_UNPACKED_TOO_LARGE: [
    'archive.unpacked-too-large',
    ({ detail }) => `Unpacked, the package is larger than ${detail}.`,
    'Leave out what the model does not need.',
    'LIMIT_EXCEEDED',
  ],
  ARCHIVE_FILE_TOO_LARGE: [
    'archive.file-too-large',
    ({ entry, detail }) => `${entry} is ${detail}.`,
    'Split the weights, or store them in half precision.',
    'LIMIT_EXCEEDED',
  ],
  ARCHIVE_RATIO: [
    'archive.ratio',
    ({ detail }) =>
      `The archive unpacks to more than ${detail} times its size, as archives do that are made to fill disks.`,
    'If it is an honest one, send it as an uncompressed .tar.',
    'LIMIT_EXCEEDED',
  ],
  ARCHIVE_NO_FILES: ['archive.no-files', () => 'The package holds no files.', packAgain],

  // Around it.
  ARCHIVE_CHANGED: [
    'archive.changed',
    ({ entry }) => `${entry} changed while it was read.`,
    'Try again when nothing writes to the folder.',
  ],
  ARCHIVE_UNREADABLE: [
    'archive.unreadable',
    ({ entry, detail }) => `${entry} can't be read (${detail}).`,
    'Correct its permissions, or its path.',
  ],
  ARCHIVE_TARGET_EXISTS: [
    'archive.target',
    ({ entry }) => `The folder ${entry}, to unpack into, exists already.`,
    'Name one that does not.',
    'INVALID_INPUT',
  ],
  ARCHIVE_STORAGE_FULL: [
    'archive.storage',
    ({ detail }) => `There is no room left to unpack the package (${detail}).`,
    'Free some space and try again.',
    'STORAGE_FULL',
  ],
} as const satisfies Record<string, ArchiveRow>

export type ArchiveCode = keyof typeof rows

// The name of an entry may be anything at all: quoted, control characters escaped, and cut.
const quoted = (file: string | undefined): string => {
  if (file === undefined) return 'an entry'
  const escaped = JSON.stringify(file.length > 120 ? `${file.slice(0, 120)}…` : file)
  return escaped.replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffd]/g, escapeOne)
}
const escapeOne = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`

const told = (row: ArchiveRow, { file, detail = '' }: ArchiveFacts): string => row[1]({ entry: quoted(file), detail })

const table = Object.fromEntries(
  (Object.entries(rows) as [ArchiveCode, ArchiveRow][]).map(([code, row]) => [
    code,
    [row[3] ?? 'MODEL_PACKAGE_INVALID', (facts: ArchiveFacts) => `${told(row, facts)} ${row[2]}`] as const,
  ]),
) as Record<ArchiveCode, readonly [ErrorCategory, (facts: ArchiveFacts) => string]>

const factories = defineErrors('folder-validator', table)

/** The error of one fault. Its facts carry what a report needs: `check`, `file`, `fact` and `hint`. */
export function archiveError(code: ArchiveCode, facts: ArchiveFacts = {}, cause?: unknown): LakeError {
  const row: ArchiveRow = rows[code]
  const all = { check: row[0], ...facts, fact: told(row, facts), hint: row[2] }
  return factories[code](all, { cause })
}

/** Check code → what it means, for the documentation. */
export const archiveChecks: readonly { check: string; code: ArchiveCode; hint: string }[] = (
  Object.entries(rows) as [ArchiveCode, ArchiveRow][]
).map(([code, row]) => ({ check: row[0], code, hint: row[2] }))

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']

/** 1536 → "1.5 KiB". */
export function sizeText(bytes: number): string {
  const power = bytes < 1024 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${units[power]}`
}
