import { parse, CsvError } from 'csv-parse'
import { itemsCalled, type ExchangeItem } from '@lakelens/db'
import { messageOf } from '@lakelens/kernel'
import {
  boxShape,
  maskShape,
  pointsShape,
  polygonShape,
  wholeShape,
  type PointList,
  type Shape,
  type Slack,
} from '../annotations/shape'
import { errors } from './errors'
import { faultOf, inBatches, readEntry, type Entry, type Found } from './found'
import type { ImportFile } from './importFile'

/** Bytes of a row: the longest shapes, as text. */
const maxRowBytes = 4 * 1024 * 1024
const maxColumns = 1_000
const slack: Slack = { x: 0.002, y: 0.002 }

type Row = Readonly<Record<string, string>>
interface ReadRow {
  line: number
  /** A text: why it is none. */
  row: Row | string
}

/**
 * Reads rows of RFC 4180, UTF-8, with a header; columns in any order, unknown ones passed over. A row that is broken is a failure
 * of its own; the next line that can be read is the next row.
 */
export async function* readCsv(file: ImportFile): AsyncGenerator<Found[]> {
  for await (const batch of inBatches(readRows(file))) yield await readBatch(file, batch)
}

const invalid = (reason: string, cause?: unknown): Error =>
  errors.ANNOTATION_FILE_INVALID({ format: 'CSV', reason }, { cause })

async function* readRows(file: ImportFile): AsyncGenerator<{ entry: ReadRow; size: number }> {
  let skipped: ReadRow[] = []
  let hasHeader = false
  const source = await file.open('reading rows')
  const rows = parse({
    bom: true,
    columns: (header: string[]) => {
      hasHeader = true
      return checkHeader(header)
    },
    info: true,
    max_record_size: maxRowBytes,
    // A quote in the middle of a field is a letter: taken for the start of a quoted one it would swallow the rows behind it.
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => void skipped.push({ line: lineOf(error), row: messageOf(error).slice(0, 200) }),
  })
  // Told by the write or the loop that meets it; unheard it would end the process.
  rows.on('error', () => undefined)
  const broken = (): { entry: ReadRow; size: number }[] => {
    const entries = skipped.map((entry) => ({ entry, size: 1 }))
    skipped = []
    return entries
  }
  try {
    // Chunk by chunk and not by `pipe`: rows that are skipped hold nothing back, and a file of nothing else would be in memory whole.
    for await (const chunk of source as AsyncIterable<Buffer>) {
      const written = new Promise<void>((resolve, reject) => {
        rows.write(chunk, (error) => (error ? reject(error) : resolve()))
      })
      const taken: ParsedRow[] = []
      for (let row = rows.read() as ParsedRow | null; row !== null; row = rows.read() as ParsedRow | null)
        taken.push(row)
      await written
      yield* broken()
      yield* taken.map(asRead)
    }
    rows.end()
    for await (const row of rows as AsyncIterable<ParsedRow>) yield asRead(row)
    yield* broken()
    if (!hasHeader) throw invalid('it is empty')
  } catch (error) {
    // A row without an end is the fault of the file: what its quotes were meant for can't be told.
    if (error instanceof CsvError) throw invalid(messageOf(error).slice(0, 300), error)
    throw error
  } finally {
    source.destroy()
    rows.destroy()
  }
}

interface ParsedRow {
  record: Row
  info: { lines: number }
}
const asRead = ({ record, info }: ParsedRow): { entry: ReadRow; size: number } => ({
  entry: { line: info.lines, row: record },
  size: sizeOf(record),
})
const lineOf = (error: unknown): number => Number((error as { lines?: unknown } | undefined)?.lines ?? 0)
const sizeOf = (row: Row): number => Object.values(row).reduce((sum, text) => sum + text.length, 0) / 8

function checkHeader(header: readonly string[]): string[] {
  // Each row becomes an object of as many fields, two hundred of them at a time.
  if (header.length > maxColumns)
    throw invalid(`its first line names ${header.length} columns; ${maxColumns} is the limit`)
  const names = header.map((name) => name.trim().toLowerCase())
  if (!names.includes('label') || !(names.includes('name') || names.includes('unique_name')))
    throw invalid('its first line names no columns `label` and `unique_name` or `name`')
  if (new Set(names).size < names.length) throw invalid('its first line names a column twice')
  return names
}

async function readBatch({ lake, collectionId }: ImportFile, batch: readonly ReadRow[]): Promise<Found[]> {
  const namesOf = (row: Row | string): string[] =>
    typeof row === 'string' ? [] : [row['unique_name'], row['name']].filter((name) => isName(name))
  const names = [...new Set(batch.flatMap(({ row }) => namesOf(row)))]
  const items = await itemsCalled(lake.db, collectionId, names, { stems: false })
  return batch.map(({ line, row }): Found => {
    const subject = `line ${line}`
    if (typeof row === 'string') return faultOf(subject, errors.ENTRY_INVALID({ reason: row.replace(/\.$/, '') }))
    return readEntry(subject, () => {
      const item = namesOf(row)
        .map((name) => items.get(name))
        .find((found) => found !== undefined)
      if (!item) throw errors.ITEM_UNMATCHED({ name: row['unique_name'] || row['name'] || '' })
      return readRow(row, item)
    })
  })
}

const isName = (name: string | undefined): name is string =>
  name !== undefined && name !== '' && name.length <= 4_096 && !/[\u0000\p{Cs}]/u.test(name)

function readRow(row: Row, item: ExchangeItem): Entry {
  return {
    item,
    label: row['label'] ?? '',
    shape: shapeOf(row, item),
    frame: numberOf(row, 'frame'),
    confidence: numberOf(row, 'confidence'),
  }
}

function shapeOf(row: Row, item: ExchangeItem): Shape {
  const sides = (['x', 'y', 'width', 'height'] as const).map((column) => numberOf(row, column))
  const hasBox = sides.every((side) => side !== null)
  const kind = row['kind']?.trim().toUpperCase() || (hasBox ? 'BOX' : 'LABEL')
  switch (kind) {
    case 'LABEL':
      return wholeShape
    case 'BOX':
      if (!hasBox) throw errors.ENTRY_INVALID({ reason: 'a BOX has `x`, `y`, `width` and `height`' })
      return boxShape(sides as [number, number, number, number], slack)
    case 'POLYGON':
      return polygonShape(polygonsOf(row['polygons']), slack)
    case 'POINTS':
      return pointsShape(pointsOf(readJson('points', row['points']), 'points'), slack)
    case 'MASK':
      return maskShape(row['rle'] ?? '', item)
    default:
      throw errors.ENTRY_INVALID({ reason: '`kind` is LABEL, BOX, POLYGON, MASK or POINTS' })
  }
}

function numberOf(row: Row, column: string): number | null {
  const text = row[column]?.trim() ?? ''
  if (text === '') return null
  const value = Number(text)
  if (!Number.isFinite(value)) throw errors.ENTRY_INVALID({ reason: `\`${column}\` is no finite number` })
  return value
}

function readJson(column: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '')
  } catch (error) {
    throw errors.ENTRY_INVALID({ reason: `\`${column}\` is no JSON` }, { cause: error })
  }
}

function pointsOf(value: unknown, column: string): PointList {
  const isPoint = (point: unknown): boolean =>
    Array.isArray(point) && point.length === 2 && point.every((side) => typeof side === 'number')
  if (!Array.isArray(value) || !value.every(isPoint))
    throw errors.ENTRY_INVALID({ reason: `\`${column}\` holds points as [x, y]` })
  return value as PointList
}

function polygonsOf(text: string | undefined): { outer: PointList; holes: PointList[] }[] {
  const value = readJson('polygons', text)
  if (!Array.isArray(value)) throw errors.ENTRY_INVALID({ reason: '`polygons` is a list of {outer, holes}' })
  return value.map((polygon: unknown) => {
    const { outer, holes = [] } = (typeof polygon === 'object' && polygon !== null ? polygon : {}) as {
      outer?: unknown
      holes?: unknown
    }
    if (!Array.isArray(holes)) throw errors.ENTRY_INVALID({ reason: '`holes` of `polygons` is a list' })
    return { outer: pointsOf(outer, 'polygons'), holes: holes.map((hole) => pointsOf(hole, 'polygons')) }
  })
}
