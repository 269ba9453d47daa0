import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { insertItems, touchBlob, type Database, type NewItemRow } from '@lakelens/db'
import type {
  DetectionBox,
  DetectOptions,
  DetectResult,
  EmbedResult,
  InferenceBackend,
  ModelFacts,
  ModelRef,
  Picture,
} from '@lakelens/inference-client'
import { silentLogger, type Closeable } from '@lakelens/kernel'
import { createDiskBlobStore, createUrlSigner, type VideoTools } from '@lakelens/media'
import { createCollection, getJob, signingKeys, startWorker, systemViewer, watchJob, type Job, type Lake } from '../..'
import { hasEnded } from '../../jobs/jobs'

const fixtures = resolve(__dirname, '../../../../../tools/fixtures')

/** What a picture shows, said by its bytes: the backend of these tests reads them as they stand. */
export interface Shown {
  boxes: { label: string; confidence: number; isWhole?: boolean; box?: DetectionBox }[]
  vector: number[]
  broken?: boolean
}

const facts: ModelFacts = {
  inputs: [],
  outputs: [],
  fixedResolution: null,
  stride: 32,
  vectorDimension: null,
  warmupMs: 1,
  installLog: null,
}

/** Answers what the pictures say they show, as a service would: labels, thresholds and the limit in this order. */
export class ShowingBackend implements InferenceBackend {
  seen: string[] = []
  options: DetectOptions[] = []
  /** Runs between inference and writing: where another job may come first. */
  beforeAnswer: () => Promise<unknown> = () => Promise.resolve()
  /** Runs before a model is opened. */
  beforeOpening: (signal: AbortSignal | undefined) => Promise<unknown> = () => Promise.resolve()

  reset(): void {
    this.seen = []
    this.options = []
    this.beforeAnswer = () => Promise.resolve()
    this.beforeOpening = () => Promise.resolve()
  }

  private async read<R>(pictures: readonly Picture[], answer: (shown: Shown) => R): Promise<({ id: string } & R)[]> {
    this.seen.push(...pictures.map((picture) => picture.id))
    const results = pictures.map(({ id, data }) => {
      const shown = JSON.parse(Buffer.from(data).toString()) as Shown
      const error = { error: { code: 'MEDIA_UNREADABLE', message: 'The picture ends too early.' } }
      return { id, ...(shown.broken ? error : answer(shown)) } as { id: string } & R
    })
    await this.beforeAnswer()
    return results
  }

  detect(_model: ModelRef, pictures: readonly Picture[], options: DetectOptions): Promise<DetectResult[]> {
    this.options.push(options)
    const { labels, labelThresholds, confidenceThreshold, maxDetections } = options
    return this.read(pictures, ({ boxes }) => ({
      detections: boxes
        .map(({ isWhole, box, ...found }, index) => ({
          ...found,
          box: isWhole ? null : (box ?? { x: index / 10, y: 0.1, width: 0.1, height: 0.2 }),
        }))
        .filter(({ label }) => labels?.includes(label) ?? true)
        .filter(({ label, confidence }) => confidence >= (labelThresholds?.get(label) ?? confidenceThreshold))
        .slice(0, maxDetections),
    }))
  }

  embed(_model: ModelRef, pictures: readonly Picture[]): Promise<EmbedResult[]> {
    return this.read(pictures, ({ vector }) => ({ vector: Float32Array.from(vector) }))
  }

  async loadModel(model: ModelRef, { signal }: { signal?: AbortSignal } = {}): Promise<ModelFacts> {
    await this.beforeOpening(signal)
    signal?.throwIfAborted()
    return { ...facts, vectorDimension: model.name === 'tiny-embedder' ? 12 : null }
  }
  probe = (): Promise<never> => Promise.reject(new Error('nothing is probed here'))
  describe = (): Promise<never> => Promise.reject(new Error('nothing is described here'))
  isReady = (): Promise<boolean> => Promise.resolve(true)
  close = (): Promise<void> => Promise.resolve()
}

/** Films of 30 frames, ten a second, each of which shows what the file says. */
const films: VideoTools = {
  describe: () => Promise.resolve({ available: true, detail: 'for tests' }),
  probe: () => Promise.reject(new Error('nothing is probed here')),
  thumbnail: () => Promise.reject(new Error('nothing is probed here')),
  async *frames(path, _facts, sampling) {
    const data = await readFile(path)
    const parts = 'frameCount' in sampling ? sampling.frameCount : 3
    for (let part = 0; part < parts; part++) {
      const index = Math.floor(((part + 0.5) * 30) / parts)
      yield { index, timestampSeconds: index / 10, data }
    }
  },
}

export interface Filled {
  id: string
  name: string
  names: string[]
  itemIds: string[]
}

export interface ShowingLake {
  lake(): Lake
  backend: ShowingBackend
  /** A new collection with so many pictures. */
  fill(count: number, shown?: (n: number) => Partial<Shown>, row?: (n: number) => Partial<NewItemRow>): Promise<Filled>
  /** Waits for the end of a job. */
  finished(job: Job, withinMs?: number): Promise<Job>
}

export const vectorOf = (seed: number): number[] =>
  Array.from({ length: 12 }, (_, n) => Math.fround(Math.sin(seed * 31 + n)))

/** A lake with a worker and models whose answers the pictures themselves say. Its tagging model has the labels red, green and blue. */
export function useShowingLake(database: () => Database): ShowingLake {
  const backend = new ShowingBackend()
  let root: string
  let lake: Lake
  let worker: Closeable
  let collections = 0

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'lakelens-analysis-'))
    const db = database()
    lake = {
      db,
      blobs: createDiskBlobStore(join(root, 'media')),
      backend,
      videos: films,
      signer: createUrlSigner({ keys: signingKeys(db), publicUrl: () => 'http://127.0.0.1:4000' }),
      models: {
        modelsDir: fixtures,
        dataDir: root,
        offline: true,
        defaults: { AUTO_TAGGING: 'tiny-detector', EMBEDDING: 'tiny-embedder' },
        deniedLicenses: [],
      },
      limits: { maxUploadBytes: 1_000_000, maxModelBytes: 1_000_000, maxPageSize: 100 },
      log: silentLogger(),
      viewer: systemViewer(),
    }
    worker = startWorker(lake, { slots: 2 })
  })
  afterAll(async () => {
    await worker.close()
    await rm(root, { recursive: true, force: true })
  })
  beforeEach(() => backend.reset())

  return {
    lake: () => lake,
    backend,
    async fill(count, shown = () => ({}), row = () => ({})) {
      const { id, name } = await createCollection(lake, { name: `run ${collections++}`, contentType: 'IMAGE' })
      const rows: NewItemRow[] = []
      for (let n = 0; n < count; n++) {
        const content: Shown & { n: string } = {
          boxes: [
            { label: 'red', confidence: 0.6 },
            { label: 'red', confidence: 0.3 },
          ],
          vector: vectorOf(n),
          n: `${name} ${n}`,
          ...shown(n),
        }
        const { digest, byteSize } = await lake.blobs.put(Buffer.from(JSON.stringify(content)), { maxBytes: 100_000 })
        await touchBlob(lake.db, { digest, byteSize })
        rows.push({
          collectionId: id,
          uniqueName: `${name}_${n}.png`,
          name: `${n}.png`,
          contentType: 'IMAGE',
          mediaType: 'image/png',
          digest,
          byteSize,
          width: 10,
          height: 10,
          thumbnailDigest: null,
          ...row(n),
        })
      }
      const items = await insertItems(lake.db, rows, 'test')
      return { id, name, names: rows.map((one) => one.uniqueName), itemIds: items.map((item) => item.id) }
    },
    async finished(job, withinMs = 20_000) {
      for await (const { job: state } of watchJob(lake, job.id, AbortSignal.timeout(withinMs)))
        if (hasEnded(state.status)) return state
      throw new Error(`job ${job.id} did not end in ${withinMs} ms: ${JSON.stringify(await getJob(lake, job.id))}`)
    },
  }
}
