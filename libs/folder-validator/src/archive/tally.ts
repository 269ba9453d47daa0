import { archiveError, sizeText } from './errors'
import { defaultLimits, type PackageLimits } from './limits'

/** Counts entries and bytes against the limits, before they are written. */
export interface Tally {
  readonly limits: Readonly<PackageLimits>
  addEntry(): void
  /** Judges an announced size: nothing of a file that is too large is written. */
  addFile(file: string, byteSize: number): void
}

export function createTally(given: Partial<PackageLimits> = {}): Tally {
  const limits = { ...defaultLimits, ...given }
  let entries = 0
  let bytes = 0
  return {
    limits,
    addEntry() {
      entries++
      if (entries > limits.maxFiles) throw archiveError('ARCHIVE_TOO_MANY_FILES', { detail: String(limits.maxFiles) })
    },
    addFile(file, byteSize) {
      if (byteSize > limits.maxFileBytes) {
        const detail = `${sizeText(byteSize)}, more than the ${sizeText(limits.maxFileBytes)} allowed`
        throw archiveError('ARCHIVE_FILE_TOO_LARGE', { file, detail })
      }
      bytes += byteSize
      if (bytes > limits.maxUnpackedBytes)
        throw archiveError('ARCHIVE_UNPACKED_TOO_LARGE', { detail: sizeText(limits.maxUnpackedBytes) })
    },
  }
}
