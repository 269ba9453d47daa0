const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** What a package may cost, whatever it claims to be. Sizes in bytes. */
export interface PackageLimits {
  /** Of the archive as it comes. */
  maxCompressedBytes: number
  /** Of all files together, and of the unpacked tar. */
  maxUnpackedBytes: number
  maxFileBytes: number
  /** Entries of every kind, folders and litter included. */
  maxFiles: number
  /** Unpacked over compressed bytes, judged from `ratioFloorBytes` unpacked bytes on. */
  maxRatio: number
  ratioFloorBytes: number
  /** Of a path inside the package, in UTF-8. */
  maxPathBytes: number
  /** Folders around a file. */
  maxDepth: number
}

// Weights hardly compress (1.1 is usual), text by 20 at most; DEFLATE itself ends at 1,032. Below the floor a high ratio is
// harmless: a package of nothing but small text files must pass.
export const defaultLimits: Readonly<PackageLimits> = Object.freeze({
  maxCompressedBytes: 8 * GiB,
  maxUnpackedBytes: 16 * GiB,
  maxFileBytes: 8 * GiB,
  maxFiles: 10_000,
  maxRatio: 100,
  ratioFloorBytes: 64 * MiB,
  maxPathBytes: KiB,
  maxDepth: 16,
})

/** Of one name between two slashes: what every file system takes. */
export const maxNameBytes = 255
/** Of an extended header (PAX, GNU long names), which must be held in memory to be read. */
export const maxExtendedHeaderBytes = MiB
