import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import type { Database } from '@lakelens/db'
import { sleep, type Closeable } from '@lakelens/kernel'
import { viewerOf } from '../../access'
import { getJob, jobFailures, startWorker, type Job, type JobFailure } from '../../jobs'
import { hasEnded } from '../../jobs/jobs'
import type { Lake } from '../../lake'
import { createUpload, receiveUpload } from '../../uploads'
import { useTestLake } from '../../uploads/uploadsTestLake'
import { exportAnnotations, importAnnotations, type ExportInput, type ImportInput } from '../request'

export interface ExchangeLake {
  lake: () => Lake
  root: () => string
  /** Exports and waits; returns the file, too. */
  exported: (input: ExportInput) => Promise<{ job: Job; file: Buffer }>
  /** Uploads a file, imports it and waits. */
  imported: (
    content: string | Buffer,
    input: Omit<ImportInput, 'uploadId'>,
  ) => Promise<{ job: Job; failures: JobFailure[] }>
  upload: (content: string | Buffer, purpose?: string) => Promise<string>
  finished: (job: Job) => Promise<Job>
}

/** A lake with a worker; who asks is called ada. */
export function useExchangeLake(database: () => Database): ExchangeLake {
  const test = useTestLake(database)
  const lake = (): Lake => ({ ...test.lake(), viewer: viewerOf('ANALYST', { keyId: 'k', name: 'ada' }) })
  let worker: Closeable
  beforeAll(() => (worker = startWorker(test.lake(), { slots: 2 })))
  afterAll(() => worker.close())

  async function finished(job: Job): Promise<Job> {
    // `watchJob` looks four times a second, and a file of tests has a hundred jobs.
    for (const deadline = Date.now() + 20_000; Date.now() < deadline; await sleep(20)) {
      const state = await getJob(lake(), job.id)
      if (state && hasEnded(state.status)) return state
    }
    throw new Error(`the job did not end: ${JSON.stringify(await getJob(lake(), job.id))}`)
  }
  async function upload(content: string | Buffer, purpose = 'ANNOTATIONS'): Promise<string> {
    const bytes = Buffer.from(content)
    const { id } = await createUpload(lake(), { fileName: 'file', byteSize: bytes.length, purpose })
    await receiveUpload(lake(), id, Readable.from([bytes], { objectMode: false }))
    return id
  }
  return {
    lake,
    root: test.root,
    finished,
    upload,
    async exported(input) {
      const job = await finished(await exportAnnotations(lake(), input))
      return { job, file: job.output ? await buffer(await lake().blobs.open(job.output.digest)) : Buffer.alloc(0) }
    },
    async imported(content, input) {
      const job = await finished(await importAnnotations(lake(), { ...input, uploadId: await upload(content) }))
      const failures = await jobFailures(lake(), job.id, { first: 100 })
      return { job, failures: failures.edges.map(({ node }) => node) }
    },
  }
}
