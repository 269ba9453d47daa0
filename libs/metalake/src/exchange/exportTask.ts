import { mkdir } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { addToJob, countItems, setJobOutput, setJobResult, touchBlob, type ExchangeItem } from '@lakelens/db'
import type { WholeJobTask } from '@lakelens/jobs'
import { selectionOf } from '../items/selection'
import type { Lake } from '../lake'
import { withScratch } from '../registration/scratch'
import { storeBlob } from '../uploads/storeBlob'
import { writeCoco } from './cocoFile'
import { writeCsv } from './csvFile'
import { exportRows, type ExportRow } from './exportRows'
import { safeName } from './fileNames'
import { LeftOut, type WrittenCounts } from './leftOut'
import { exportPayload, type ExportPayload, type Format } from './request'
import { writeYolo } from './yoloFile'

const lifetimeSeconds = 7 * 24 * 60 * 60
/** A full disk ends an export sooner. */
const maxFileBytes = 2 ** 40

const fileOf: Record<Format, { ending: string; mediaType: string }> = {
  COCO: { ending: '-coco.json', mediaType: 'application/json' },
  YOLO: { ending: '-yolo.tar.gz', mediaType: 'application/gzip' },
  CSV: { ending: '.csv', mediaType: 'text/csv; charset=utf-8' },
}

/** Writes annotations into a file that clients fetch from the job. */
export const exportTask = (lake: Lake): WholeJobTask => ({
  async perform(job, { signal, report }) {
    const payload = exportPayload.parse(job.payload)
    const total = await countItems(lake.db, selectionOf(payload.selection))
    const left = new LeftOut()
    const counts: WrittenCounts = { items: 0, annotations: 0 }
    let read = 0
    const rows = exportRows(
      lake,
      payload,
      (count) => report('writing annotations', total === 0 ? null : Math.min(1, (read += count) / total)),
      signal,
    )
    const blob = await withScratch(lake, job.id, async (into) => {
      await mkdir(into, { mode: 0o700 })
      const file = await write(payload, rows, into, left, counts)
      try {
        return await storeBlob(lake, file, { maxBytes: maxFileBytes, signal })
      } finally {
        file.destroy()
      }
    })
    const { ending, mediaType } = fileOf[payload.format]
    return async (tx) => {
      await setJobResult(tx, job.id, { notes: left.notes() })
      await addToJob(tx, job.id, {
        succeeded: counts.annotations,
        skipped: left.total,
        failed: 0,
        lastUniqueName: null,
      })
      // In this transaction: nothing points at the blob before.
      await touchBlob(tx, blob)
      const output = { digest: blob.digest, name: `${safeName(payload.of)}${ending}`, mediaType }
      await setJobOutput(tx, job.id, output, lifetimeSeconds)
      return null
    }
  },
})

async function write(
  { format, selection }: ExportPayload,
  rows: AsyncGenerator<ExportRow>,
  into: string,
  left: LeftOut,
  counts: WrittenCounts,
): Promise<Readable> {
  // Names are distinct inside a collection; over several only unique names are.
  const named = (item: ExchangeItem): string => (selection.collectionId === null ? item.uniqueName : item.name)
  if (format === 'COCO') return writeCoco(rows, into, named, left, counts)
  return format === 'YOLO' ? writeYolo(rows, named, left, counts) : writeCsv(rows, counts)
}
