import { addToJob, clearImport, clearImportImages, countAnnotationsOfJob, setJobResult, touchBlob } from '@lakelens/db'
import type { WholeJobTask } from '@lakelens/jobs'
import type { Lake } from '../lake'
import { readCoco } from './importCoco'
import { readCsv } from './importCsv'
import { importFile, type ImportFile } from './importFile'
import { readYolo } from './importYolo'
import type { Found } from './found'
import { importPayload, type Format } from './request'
import { storeFound, type ImportCounts } from './storeFound'

/**
 * Reads an annotation file into a collection, batch by batch. Begun anew after a crash it reads the file again and passes over
 * what it stored before.
 */
export const importTask = (lake: Lake): WholeJobTask => ({
  async perform(job, context) {
    const payload = importPayload.parse(job.payload)
    const file = importFile(lake, job, payload, context)
    // Its upload may end while this job waits.
    await touchBlob(lake.db, payload.file)
    await file.inTransaction((tx) => clearImport(tx, job.id))
    const counts: ImportCounts = { read: 0, failed: 0, listed: 0 }
    await readAll(file, payload.format, async (found) => {
      context.signal.throwIfAborted()
      await storeFound(file, payload.source, found, counts)
    })
    return async (tx) => {
      // By the rows and not by this run: an earlier one may have stored some of them.
      const succeeded = await countAnnotationsOfJob(tx, job.id)
      const unlisted = counts.failed - counts.listed
      await setJobResult(tx, job.id, {
        notes: unlisted > 0 ? [`${unlisted} more entries failed than are listed.`] : [],
      })
      await addToJob(tx, job.id, {
        succeeded,
        skipped: Math.max(0, counts.read - succeeded),
        failed: counts.failed,
        lastUniqueName: null,
      })
      await clearImportImages(tx, job.id)
      return null
    }
  },

  onFailed: (tx, job) => clearImportImages(tx, job.id),
})

const readers: Record<Exclude<Format, 'YOLO'>, (file: ImportFile) => AsyncGenerator<Found[]>> = {
  COCO: readCoco,
  CSV: readCsv,
}

async function readAll(file: ImportFile, format: Format, take: (found: Found[]) => Promise<void>): Promise<void> {
  if (format !== 'YOLO') {
    for await (const found of readers[format](file)) await take(found)
    return
  }
  await file.withFolder(async (into) => {
    for await (const found of readYolo(file, into)) await take(found)
  })
}
