import type { Manifest } from '@lakelens/vision'
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { OpenedPackage, PackageFile } from '../archive/opened'
import type { OnnxOutline } from '../onnx/outline'
import type { ModuleFacts } from '../python/readFunctions'
import type { GraphFacts, ValidateOptions } from '../validatePackage'

export type Runtime = 'ONNX' | 'PYTHON' | 'REMOTE'

/** A package under inspection: what the rules so far have learnt of it. Filled in by the rule that is named. */
export interface Inspection {
  readonly opened: OpenedPackage
  readonly options: ValidateOptions
  readonly files: ReadonlyMap<string, PackageFile>
  /** manifest.read; the keys of model.yaml, {} without one; null when it is faulty. */
  manifest: Manifest | null
  /** structure.kind */
  runtime: Runtime | null
  /** labels.read */
  labels: string[]
  labelLines: readonly (number | null)[]
  labelsFile: string | null
  /** inference.read */
  module: ModuleFacts | null
  /** requirements.read */
  requirements: string[]
  /** onnx.read */
  outline: OnnxOutline | null
  /** onnx.output: what the manifest leaves out and the graph tells. */
  inferred: Manifest
  /** onnx.run */
  facts: GraphFacts | null
}

export function createInspection(opened: OpenedPackage, options: ValidateOptions): Inspection {
  return {
    opened,
    options,
    files: new Map(opened.files.map((file) => [file.path, file])),
    manifest: null,
    runtime: null,
    labels: [],
    labelLines: [],
    labelsFile: null,
    module: null,
    requirements: [],
    outline: null,
    inferred: {},
    facts: null,
  }
}

export const isPython = ({ runtime }: Inspection): boolean => runtime === 'PYTHON'
export const isOnnx = ({ runtime }: Inspection): boolean => runtime === 'ONNX'
/** Whether what it finds is named: tagging and annotation. */
export const isNaming = ({ options }: Inspection): boolean => options.application !== 'EMBEDDING'

/** Opens a file of the package; a link put in its place since is not followed. */
export const openFile = ({ opened }: Inspection, file: string): Promise<FileHandle> =>
  open(path.join(opened.root, file), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)

/** Its first bytes, at most `count`. */
export async function readStart(inspection: Inspection, file: string, count: number): Promise<Buffer> {
  const handle = await openFile(inspection, file)
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(count), 0, count, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

export const maxTextBytes = 1024 * 1024

/** The text of a UTF-8 file, or which of two things keeps it from being one. */
export async function readText(
  inspection: Inspection,
  file: string,
): Promise<{ text: string } | { fault: 'encoding' | 'too-large'; message: string }> {
  const bytes = await readStart(inspection, file, maxTextBytes + 1)
  if (bytes.length > maxTextBytes) return { fault: 'too-large', message: 'it is larger than 1 MiB' }
  const mark = bytes.toString('hex', 0, 2)
  if (mark === 'fffe' || mark === 'feff') return { fault: 'encoding', message: 'it is UTF-16' }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) }
  } catch {
    return { fault: 'encoding', message: 'it is not UTF-8' }
  }
}
