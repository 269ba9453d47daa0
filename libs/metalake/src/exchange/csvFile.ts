import { Readable } from 'node:stream'
import { stringify } from 'csv-stringify/sync'
import type { ExportedAnnotation, ExportRow } from './exportRows'
import type { WrittenCounts } from './leftOut'

/** The columns of a CSV file, in order. docs/annotations.md describes them. */
export const csvColumns = [
  'unique_name',
  'name',
  'label',
  'source',
  'kind',
  'confidence',
  'x',
  'y',
  'width',
  'height',
  'polygons',
  'points',
  'rle',
  'phrase',
  'mask_score',
  'frame',
  'timestamp_seconds',
  'model',
  'review',
  'reviewed_by',
  'created_by',
  'created_at',
] as const

const rowsAtOnce = 200

/** RFC 4180, one row an annotation, everything kept; coordinates are fractions of the picture. */
export function writeCsv(rows: AsyncIterable<ExportRow>, counts: WrittenCounts): Readable {
  return Readable.from(lines(rows, counts), { objectMode: false })
}

async function* lines(rows: AsyncIterable<ExportRow>, counts: WrittenCounts): AsyncGenerator<string> {
  const text = (records: readonly unknown[][]): string => stringify([...records], { record_delimiter: '\r\n' })
  let waiting: unknown[][] = [[...csvColumns]]
  for await (const { item, annotation } of rows) {
    if (!annotation) {
      counts.items++
      continue
    }
    counts.annotations++
    waiting.push([item.uniqueName, item.name, ...fields(annotation)])
    if (waiting.length >= rowsAtOnce) {
      yield text(waiting)
      waiting = []
    }
  }
  yield text(waiting)
}

const json = (value: unknown): string | null => (value === null ? null : JSON.stringify(value))

const fields = (a: ExportedAnnotation): unknown[] => [
  a.label,
  a.source,
  a.kind,
  a.confidence,
  a.x,
  a.y,
  a.width,
  a.height,
  json(a.polygons),
  json(a.points),
  a.rle,
  a.phrase,
  a.maskScore,
  a.frame,
  a.timestampSeconds,
  a.modelName,
  a.review,
  a.reviewedBy,
  a.createdBy,
  a.createdAt.toISOString(),
]
