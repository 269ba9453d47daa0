import type { ExchangeItem } from '@lakelens/db'
import { isLakeError } from '@lakelens/kernel'
import { checkLabel, placeInTime, type Shape } from '../annotations/shape'
import { errors } from './errors'

/** What a file says, read and judged: an annotation of an item, or why it is none. */
export type Found = FoundAnnotation | FoundFault

export interface FoundAnnotation {
  /** Where in the file, for people. */
  subject: string
  item: ExchangeItem
  label: string
  shape: Shape
  frame: number | null
  timestampSeconds: number | null
  confidence: number | null
}

export interface FoundFault {
  subject: string
  code: string
  message: string
}

export const isFault = (found: Found): found is FoundFault => 'code' in found

export interface Entry {
  item: ExchangeItem
  label: string
  shape: Shape
  frame: number | null
  /** As the file says it; null where it says none. */
  confidence: unknown
}

/** Reads one entry; what is wrong with it becomes a fault of this entry alone. */
export function readEntry(subject: string, read: () => Entry): Found {
  try {
    const { item, label, shape, frame, confidence } = read()
    // What decoders put where bytes are no UTF-8: stored, it would be a label that nobody wrote.
    if (label.includes('\ufffd')) throw errors.ENTRY_INVALID({ reason: 'its label is no UTF-8' })
    return {
      subject,
      item,
      shape,
      label: checkLabel(label),
      ...placeInTime(frame, item),
      confidence: confidenceOf(confidence),
    }
  } catch (error) {
    return faultOf(subject, error)
  }
}

export function faultOf(subject: string, error: unknown): FoundFault {
  if (!isLakeError(error)) throw error
  return { subject: subject.slice(0, 500), code: error.code, message: error.message }
}

function confidenceOf(value: unknown): number | null {
  if (value == null || value === '') return null
  if (typeof value !== 'number' || !(value >= 0 && value <= 1))
    throw errors.ENTRY_INVALID({ reason: 'its score is no number from 0 to 1' })
  return value
}

/** Entries are stored so many at a time, or fewer when they are large: values of all of them together. */
const batchEntries = 200
const batchValues = 200_000

/** Groups what is read so that every group is a short transaction and little memory. */
export async function* inBatches<T>(source: AsyncIterable<{ entry: T; size: number }>): AsyncGenerator<T[]> {
  let batch: T[] = []
  let values = 0
  for await (const { entry, size } of source) {
    batch.push(entry)
    values += size
    if (batch.length < batchEntries && values < batchValues) continue
    yield batch
    batch = []
    values = 0
  }
  if (batch.length > 0) yield batch
}
