import { addAbortSignal, Readable } from 'node:stream'
import { holdsPage, notePageProgress, type Db, type JobRow } from '@lakelens/db'
import type { TaskContext } from '@lakelens/jobs'
import type { Lake } from '../lake'
import { withScratch } from '../registration/scratch'
import type { ImportPayload } from './request'

/** A file that is being imported, and what its readers need. */
export interface ImportFile {
  lake: Lake
  job: JobRow
  collectionId: string
  signal: AbortSignal
  /** Its bytes from the start; `stage` is shown to people, with how much of them was read. */
  open(stage: string): Promise<Readable>
  report: TaskContext['report']
  /** Lends a folder that doesn't exist yet; it is removed afterwards, or at the next start. */
  withFolder<T>(work: (into: string) => Promise<T>): Promise<T>
  /** A transaction that fails when another worker has taken the job over. */
  inTransaction<T>(work: (tx: Db) => Promise<T>): Promise<T>
  /** Something new was stored, in this transaction: it won't be done again after a crash. */
  noteProgress(tx: Db): Promise<void>
}

export function importFile(lake: Lake, job: JobRow, payload: ImportPayload, context: TaskContext): ImportFile {
  const { signal, report, page } = context
  const { digest, byteSize } = payload.file
  return {
    lake,
    job,
    collectionId: payload.collectionId,
    signal,
    report,
    async open(stage) {
      const source = await lake.blobs.open(digest)
      const counted = async function* (): AsyncGenerator<Buffer> {
        let read = 0
        for await (const chunk of source as AsyncIterable<Buffer>) {
          read += chunk.length
          report(stage, byteSize === 0 ? null : Math.min(1, read / byteSize))
          yield chunk
        }
      }
      const stream = addAbortSignal(signal, Readable.from(counted(), { objectMode: false }))
      // A generator that was never begun closes nothing.
      return stream.on('close', () => source.destroy())
    },
    noteProgress: (tx) => notePageProgress(tx, page),
    withFolder: (work) => withScratch(lake, job.id, work),
    inTransaction: (work) =>
      lake.db.transaction(async (tx) => {
        if (!(await holdsPage(tx, page))) throw new Error(`job ${job.id} was taken over by another worker`)
        return work(tx)
      }),
  }
}
