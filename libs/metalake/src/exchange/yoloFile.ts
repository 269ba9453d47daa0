import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { ExchangeItem } from '@lakelens/db'
import { packFiles, type FileToPack } from '@lakelens/folder-validator'
import { stringify } from 'yaml'
import type { ExportedAnnotation, ExportRow } from './exportRows'
import { createNamer } from './fileNames'
import type { LeftOut, WrittenCounts } from './leftOut'

const digits = (value: number): string => value.toFixed(6)

/**
 * A .tar.gz as Ultralytics reads and writes it: `labels/<name>.txt`, a line an object, and `data.yaml` with the names of the
 * classes, which come last because they are known last. A picture without objects has an empty file: it is background. Of a
 * video there is a file a frame, `<name>_000012.txt`.
 */
export function writeYolo(
  rows: AsyncIterable<ExportRow>,
  named: (item: ExchangeItem) => string,
  left: LeftOut,
  counts: WrittenCounts,
): Readable {
  const gzip = createGzip()
  const tar = packFiles(labelFiles(rows, named, left, counts))
  tar.on('error', (error) => gzip.destroy(error))
  gzip.on('close', () => tar.destroy())
  return tar.pipe(gzip)
}

/** The label file that lines are added to. */
interface OpenFile {
  item: ExchangeItem
  name: string
  frame: number | null
  lines: string[]
}

function* finish(open: OpenFile | undefined): Generator<FileToPack> {
  if (!open || (open.lines.length === 0 && open.item.contentType === 'VIDEO')) return
  yield { path: `labels/${fileStem(open.name, open.frame)}.txt`, data: Buffer.from(open.lines.join('')) }
}

async function* labelFiles(
  rows: AsyncIterable<ExportRow>,
  named: (item: ExchangeItem) => string,
  left: LeftOut,
  counts: WrittenCounts,
): AsyncGenerator<FileToPack> {
  const classes = new Map<string, number>()
  const nameOf = createNamer()
  let open: OpenFile | undefined
  for await (const { item, annotation } of rows) {
    const frame = annotation?.frame ?? null
    if (open?.item.id !== item.id) {
      yield* finish(open)
      open = { item, name: nameOf(item, named(item)), frame, lines: [] }
      counts.items++
    } else if (open.frame !== frame) {
      yield* finish(open)
      open = { ...open, frame, lines: [] }
    }
    if (!annotation) continue
    const lines = linesOf(annotation, left)
    if (lines.length > 0) counts.annotations++
    for (const line of lines) {
      if (!classes.has(annotation.label)) classes.set(annotation.label, classes.size)
      open.lines.push(`${classes.get(annotation.label)} ${line}\n`)
    }
  }
  yield* finish(open)
  yield { path: 'data.yaml', data: Buffer.from(dataYaml([...classes.keys()])) }
}

const fileStem = (name: string, frame: number | null): string =>
  frame === null ? name : `${name}_${String(frame).padStart(6, '0')}`

/** A map and not an object, whose keys would be texts: YOLOv5 refuses classes that are no whole numbers. */
const dataYaml = (names: readonly string[]): string =>
  stringify({ path: '.', train: 'images', val: 'images', nc: names.length, names: new Map(names.entries()) })

/** What stands behind the class: a box as centre and size, an outline as its points; nothing where YOLO has no form for it. */
function linesOf(annotation: ExportedAnnotation, left: LeftOut): string[] {
  const { kind, x, y, width, height, polygons } = annotation
  if (kind === 'LABEL' || kind === 'POINTS') {
    left.add(kind === 'LABEL' ? 'YOLO has no labels of the whole item' : 'YOLO has no points without a box')
    return []
  }
  if (kind === 'POLYGON' && polygons !== null && polygons.length === 1 && polygons[0]!.holes.length === 0)
    return [polygons[0]!.outer.flat().map(digits).join(' ')]
  if (kind === 'POLYGON' || kind === 'MASK') {
    // Several outlines would come back as several objects, and a hole would be filled: the box is what is true of both.
    left.note(
      kind === 'MASK'
        ? 'masks were written as their boxes'
        : 'outlines of several parts or with holes were written as their boxes',
    )
  }
  if (x === null || y === null || width === null || height === null) return []
  return [[x + width / 2, y + height / 2, width, height].map(digits).join(' ')]
}
