import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { itemsCalled, type ExchangeItem } from '@lakelens/db'
import { extractArchive, type OpenedPackage, type PackageFile } from '@lakelens/folder-validator'
import { isLakeError, messageOf } from '@lakelens/kernel'
import { parse } from 'yaml'
import { boxShape, polygonShape, type Shape } from '../annotations/shape'
import { errors } from './errors'
import { faultOf, inBatches, readEntry, type Entry, type Found } from './found'
import type { ImportFile } from './importFile'

const MiB = 1024 * 1024
const limits = {
  maxUnpackedBytes: 4096 * MiB,
  maxFileBytes: 32 * MiB,
  maxFiles: 500_000,
  // Numbers in text shrink well, and files of equal lines shrink best.
  maxRatio: 500,
}
/** Of names. YAML is read at two seconds a megabyte at worst, and nothing else happens meanwhile. */
const maxClassesBytes = MiB
/** Characters: ten thousand points and more. */
const maxLineLength = 1_000_000
const filesAtOnce = 200
/** Annotators' tools round. */
const slack = { x: 0.002, y: 0.002 }

/**
 * Reads a .tar.gz or .tar of label files (`*.txt`, wherever they lie in it) and `data.yaml` or `classes.txt`. It is unpacked into
 * the scratch folder, entry by entry judged; whatever else it holds, pictures for instance, is passed over.
 */
export async function* readYolo(file: ImportFile, into: string): AsyncGenerator<Found[]> {
  const opened = await unpack(file, into)
  const classes = await readClasses(opened)
  const labels = opened.files.filter(({ path: name }) => name.endsWith('.txt') && !isClassFile(name))
  if (labels.length === 0) throw invalid('there is no label file (*.txt) in it')
  for (let at = 0; at < labels.length; at += filesAtOnce) {
    file.report('reading label files', at / labels.length)
    const stretch = labels.slice(at, at + filesAtOnce)
    const items = await itemsOf(file, stretch)
    for await (const batch of inBatches(readFiles(opened.root, stretch, items, classes))) {
      file.signal.throwIfAborted()
      yield batch
    }
  }
}

const invalid = (reason: string, cause?: unknown): Error =>
  errors.ANNOTATION_FILE_INVALID({ format: 'YOLO', reason }, { cause })

const isClassFile = (name: string): boolean => /(^|\/)(classes|obj\.names|notes)\.txt$/.test(name)
const stemOf = (name: string): string => path.posix.basename(name).replace(/\.txt$/, '')

async function unpack(file: ImportFile, into: string): Promise<OpenedPackage> {
  try {
    const options = { limits, signal: file.signal }
    return await extractArchive(await file.open('unpacking'), into, options)
  } catch (error) {
    const fact = isLakeError(error) ? error.facts['fact'] : undefined
    // Its own words speak of packages of models, and a full disk is nobody's fault.
    if (typeof fact === 'string' && isLakeError(error) && error.category !== 'STORAGE_FULL')
      throw invalid(fact.replace(/\.$/, ''), error)
    throw error
  }
}

/** Names by class number, from `data.yaml` (`names` as list or map), else `classes.txt`, a name a line. */
async function readClasses({ root, files }: OpenedPackage): Promise<ReadonlyMap<string, string>> {
  const named = (pattern: RegExp): PackageFile | undefined => files.find(({ path: name }) => pattern.test(name))
  const yaml = named(/(^|\/)(data|dataset)\.ya?ml$/) ?? named(/^[^/]+\.ya?ml$/)
  const text = named(/(^|\/)classes\.txt$/)
  const source = yaml ?? text
  if (!source) throw invalid('neither `data.yaml` nor `classes.txt` says what its classes are called')
  if (source.byteSize > maxClassesBytes) throw invalid(`\`${source.path}\` is larger than ${maxClassesBytes} bytes`)
  const content = (await readFile(path.join(root, source.path), 'utf8')).replace(/^\ufeff/, '')
  const names = yaml ? namesOf(content, source.path) : content.split(/\r?\n/).entries()
  const classes = new Map<string, string>()
  for (const [key, name] of names) if (typeof name === 'string' && name.trim() !== '') classes.set(String(key), name)
  if (classes.size === 0) throw invalid(`\`${source.path}\` names no class`)
  return classes
}

function namesOf(content: string, file: string): Iterable<[string | number, unknown]> {
  let names: unknown
  try {
    const document: unknown = parse(content, { maxAliasCount: 10, uniqueKeys: false })
    names = typeof document === 'object' && document !== null ? (document as { names?: unknown }).names : undefined
  } catch (error) {
    throw invalid(`\`${file}\` is no YAML (${messageOf(error).split('\n')[0]})`, error)
  }
  if (Array.isArray(names)) return names.map((name, index) => [index, textOf(name)])
  if (typeof names === 'object' && names !== null)
    return Object.entries(names).map(([key, name]) => [key, textOf(name)])
  throw invalid(`\`${file}\` has no \`names\``)
}

/** A class called `no`, `1` or `null` is a name that YAML takes for something else. */
const textOf = (name: unknown): unknown => (typeof name === 'number' || typeof name === 'boolean' ? String(name) : name)

interface LabelledItem {
  item: ExchangeItem
  frame: number | null
}

/** `<video>_000012.txt` is a frame of a video; where a picture is called so, it is that picture. */
const framePattern = /^(.+)_(\d{1,9})$/s

async function itemsOf(file: ImportFile, files: readonly PackageFile[]): Promise<ReadonlyMap<string, LabelledItem>> {
  const stems = files.map(({ path: name }) => stemOf(name))
  const videos = stems.flatMap((stem) => framePattern.exec(stem)?.[1] ?? [])
  const items = await itemsCalled(file.lake.db, file.collectionId, [...new Set([...stems, ...videos])], { stems: true })
  const labelled = new Map<string, LabelledItem>()
  for (const stem of stems) {
    const item = items.get(stem)
    const [, name, frame] = framePattern.exec(stem) ?? []
    const video = name === undefined ? undefined : items.get(name)
    if (item) labelled.set(stem, { item, frame: null })
    else if (video?.contentType === 'VIDEO') labelled.set(stem, { item: video, frame: Number(frame) })
  }
  return labelled
}

async function* readFiles(
  root: string,
  files: readonly PackageFile[],
  items: ReadonlyMap<string, LabelledItem>,
  classes: ReadonlyMap<string, string>,
): AsyncGenerator<{ entry: Found; size: number }> {
  for (const { path: name } of files) {
    const of = items.get(stemOf(name))
    if (!of) {
      yield { entry: faultOf(name, errors.ITEM_UNMATCHED({ name: stemOf(name) })), size: 1 }
      continue
    }
    let number = 0
    for await (const line of linesOf(path.join(root, name))) {
      number++
      const text = number === 1 ? line.replace(/^\ufeff/, '').trim() : line.trim()
      if (text !== '')
        yield { entry: readEntry(`${name}:${number}`, () => readLine(text, of, classes)), size: 1 + text.length / 8 }
    }
  }
}

/** A file is limited, so a line without an end is, too. */
async function* linesOf(file: string): AsyncGenerator<string> {
  const source = createReadStream(file, 'utf8')
  const lines = createInterface({ input: source, crlfDelay: Infinity })
  // readline hands no fault of its source on: unheard it would end the process, and the file read as if it were shorter.
  let fault: unknown
  source.on('error', (error) => {
    fault = error
    lines.close()
  })
  try {
    yield* lines
    if (fault !== undefined) throw fault
  } finally {
    source.destroy()
  }
}

/** `class cx cy w h`, with a score behind it where a model wrote it; or `class x1 y1 x2 y2 …`, an outline. */
function readLine(text: string, { item, frame }: LabelledItem, classes: ReadonlyMap<string, string>): Entry {
  if (text.length > maxLineLength) throw errors.ENTRY_TOO_LARGE({ limit: maxLineLength })
  const [name = '', ...rest] = text.split(/\s+/)
  const numbers = rest.map(Number)
  if (!numbers.every(Number.isFinite))
    throw errors.ENTRY_INVALID({ reason: 'it holds something that is no finite number' })
  const label = classes.get(/^\d+$/.test(name) ? String(Number(name)) : name)
  if (label === undefined) throw errors.CATEGORY_UNKNOWN({ id: name })
  const { shape, confidence } = shapeOf(numbers)
  return { item, label, shape, frame, confidence }
}

function shapeOf(numbers: readonly number[]): { shape: Shape; confidence: number | null } {
  const [centreX, centreY, width, height, score] = numbers as [number, number, number, number, number?]
  if (numbers.length === 4 || numbers.length === 5)
    return {
      shape: boxShape([centreX - width / 2, centreY - height / 2, width, height], slack),
      confidence: score ?? null,
    }
  if (numbers.length < 6)
    throw errors.ENTRY_INVALID({
      reason: `behind the class it has ${numbers.length} numbers; a box has 4, an outline 6 and more`,
    })
  const count = Math.floor(numbers.length / 2)
  const outer = Array.from({ length: count }, (_, n): [number, number] => [numbers[2 * n]!, numbers[2 * n + 1]!])
  return {
    shape: polygonShape([{ outer, holes: [] }], slack),
    confidence: numbers.length % 2 === 1 ? numbers.at(-1)! : null,
  }
}
