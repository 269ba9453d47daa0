import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '@lakelens/db'
import type { InferenceBackend, PictureError, PictureInfo } from '@lakelens/inference-client'
import { LakeError, silentLogger, sleep } from '@lakelens/kernel'
import { createDiskBlobStore, createUrlSigner, createVideoTools } from '@lakelens/media'
import { signingKeys, systemViewer } from '../access'
import type { Lake } from '../lake'

/** A backend whose pictures are texts: `picture 640x480 anything`, `broken`, `slow picture …`. All else is of no known type. */
export class TextBackend implements InferenceBackend {
  isAway = false
  probes = 0
  active = 0
  mostActive = 0

  async probe(data: Uint8Array): Promise<PictureInfo | { error: PictureError }> {
    this.probes += 1
    this.mostActive = Math.max(this.mostActive, (this.active += 1))
    try {
      return await this.answer(Buffer.from(data).toString('latin1', 0, 100))
    } finally {
      this.active -= 1
    }
  }

  private async answer(text: string): Promise<PictureInfo | { error: PictureError }> {
    if (this.isAway)
      throw new LakeError('INFERENCE_UNAVAILABLE', 'UNAVAILABLE', 'The inference service is away.', { retryable: true })
    if (text.startsWith('slow')) await sleep(50)
    if (text.startsWith('broken'))
      return { error: { code: 'MEDIA_UNREADABLE', message: 'The picture ends too early.' } }
    if (text.startsWith('odd')) return { error: { code: 'SOMETHING_NEW', message: 'Not today.' } }
    if (text.startsWith('faulty'))
      throw new LakeError('REQUEST_TOO_LARGE', 'LIMIT_EXCEEDED', 'Too much at once.', { retryable: false })
    const [, width, height] = /picture (\d+)x(\d+)/.exec(text) ?? []
    if (!width || !height) return { error: { code: 'CONTENT_TYPE_UNSUPPORTED', message: 'This is no picture.' } }
    return {
      mediaType: 'image/png',
      width: Number(width),
      height: Number(height),
      thumbnail: Buffer.from(`thumbnail of ${text}`),
    }
  }

  loadModel = (): never => this.isNotFor()
  detect = (): never => this.isNotFor()
  embed = (): never => this.isNotFor()
  describe = (): never => this.isNotFor()
  isReady = async (): Promise<boolean> => !this.isAway
  close = async (): Promise<void> => undefined
  private isNotFor(): never {
    throw new Error('This backend looks at pictures only.')
  }
}

/** A lake over a real database and a real folder. */
export function useTestLake(database: () => Database): { lake: () => Lake; backend: TextBackend; root: () => string } {
  let root: string
  let lake: Lake
  const backend = new TextBackend()
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'lakelens-uploads-'))
    const db = database()
    lake = {
      db,
      blobs: createDiskBlobStore(root),
      backend,
      videos: createVideoTools(),
      signer: createUrlSigner({ keys: signingKeys(db), publicUrl: () => 'http://127.0.0.1:4000' }),
      models: {
        dataDir: root,
        offline: true,
        defaults: { AUTO_TAGGING: 'yolov8n', EMBEDDING: 'resnet50' },
        deniedLicenses: [],
      },
      limits: { maxUploadBytes: 10_000_000, maxModelBytes: 20_000_000, maxPageSize: 100 },
      log: silentLogger(),
      viewer: systemViewer(),
    }
  })
  afterAll(() => rm(root, { recursive: true, force: true }))
  return { lake: () => lake, backend, root: () => root }
}
