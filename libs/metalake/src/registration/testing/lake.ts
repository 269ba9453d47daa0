import { createUpload, receiveUpload } from '../../uploads'
import type { Database } from '@lakelens/db'
import type { InferenceBackend, ModelFacts, ModelRef, ServiceFacts } from '@lakelens/inference-client'
import { silentLogger } from '@lakelens/kernel'
import { createDiskBlobStore, createUrlSigner, createVideoTools } from '@lakelens/media'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { signingKeys, viewerOf, type Role } from '../../access'
import type { Lake } from '../../lake'
import { packageOf, type PackageFiles } from './packages'

const facts: ModelFacts = {
  inputs: [{ name: 'images', type: 'float32', shape: [-1, 3, -1, -1] }],
  outputs: [{ name: 'output0', type: 'float32', shape: [-1, 7, -1] }],
  fixedResolution: null,
  stride: 32,
  vectorDimension: null,
  warmupMs: 1,
  installLog: null,
}

/** A backend that opens models by nothing but what it is told, and remembers what it was asked to open. */
export class OpeningBackend implements InferenceBackend {
  opened: ModelRef[] = []
  /** Runs before a model is open: it may wait, or throw. */
  beforeOpen: (model: ModelRef, signal: AbortSignal | undefined) => Promise<unknown> = () => Promise.resolve()
  installLog: string | null = null
  service: ServiceFacts = {
    runsPython: true,
    pythonVersion: '3.11',
    sandbox: 'BUBBLEWRAP',
    sandboxDetail: 'as it should be',
  }

  async loadModel(model: ModelRef, options: { signal?: AbortSignal } = {}): Promise<ModelFacts> {
    this.opened.push(model)
    await this.beforeOpen(model, options.signal)
    if (model.application === 'EMBEDDING')
      return { ...facts, vectorDimension: 12, outputs: [{ name: 'embedding', type: 'float32', shape: [-1, 12] }] }
    return { ...facts, installLog: model.runtime === 'PYTHON' ? this.installLog : null }
  }

  describe = (): Promise<ServiceFacts> => Promise.resolve(this.service)
  readonly probe = this.unused
  readonly detect = this.unused
  readonly embed = this.unused
  isReady = (): Promise<boolean> => Promise.resolve(true)
  close = (): Promise<void> => Promise.resolve()

  private unused(): Promise<never> {
    return Promise.reject(new Error('Only opening is played here.'))
  }
}

export interface RegistrationLake {
  lake: () => Lake
  as: (role: Role) => Lake
  backend: OpeningBackend
  /** The whole data folder. */
  root: () => string
  importDir: () => string
  /** A finished upload of a package; returns its id. */
  upload: (files: PackageFiles | Buffer, purpose?: string) => Promise<string>
}

/** A lake over a real database and real folders, where models are opened by name only. */
export function useRegistrationLake(database: () => Database): RegistrationLake {
  let root: string
  let lake: Lake
  const backend = new OpeningBackend()
  beforeAll(async () => {
    root = await mkdtemp(path.join(tmpdir(), 'lakelens-registration-'))
    const db = database()
    lake = {
      db,
      blobs: createDiskBlobStore(path.join(root, 'media')),
      backend,
      videos: createVideoTools(),
      signer: createUrlSigner({ keys: signingKeys(db), publicUrl: () => 'http://127.0.0.1:4000' }),
      models: {
        dataDir: root,
        importDir: path.join(root, 'import'),
        offline: true,
        defaults: { AUTO_TAGGING: 'yolov8n', EMBEDDING: 'resnet50' },
        deniedLicenses: ['AGPL-3.0'],
      },
      limits: { maxUploadBytes: 1_000_000, maxModelBytes: 4_000_000_000, maxPageSize: 100 },
      log: silentLogger(),
      viewer: viewerOf('ADMIN', { keyId: 'k', name: 'ada' }),
    }
  })
  afterAll(() => rm(root, { recursive: true, force: true }))
  return {
    lake: () => lake,
    as: (role) => ({ ...lake, viewer: viewerOf(role) }),
    backend,
    root: () => root,
    importDir: () => path.join(root, 'import'),
    async upload(files, purpose = 'MODEL') {
      const bytes = Buffer.isBuffer(files) ? files : await packageOf(files)
      const { id } = await createUpload(lake, { fileName: 'model.tar.gz', byteSize: bytes.length, purpose })
      await receiveUpload(lake, id, Readable.from([bytes], { objectMode: false }))
      return id
    },
  }
}
