import type { Database } from '@lakelens/db'
import type { InferenceBackend, ModelFacts, ModelRef } from '@lakelens/inference-client'
import { silentLogger } from '@lakelens/kernel'
import { createDiskBlobStore, createUrlSigner, createVideoTools } from '@lakelens/media'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openViewer } from '../../access'
import type { Lake } from '../../lake'
import type { PublishedModel } from '../catalogue'
import type { ModelSettings } from '../settings'
import { sha256Of } from './publisher'

export const newFolder = (): Promise<string> => mkdtemp(path.join(tmpdir(), 'lakelens-models-'))

export const settingsOf = async (given: Partial<ModelSettings> = {}): Promise<ModelSettings> => ({
  dataDir: await newFolder(),
  offline: false,
  defaults: { AUTO_TAGGING: 'boxes', EMBEDDING: 'vectors' },
  deniedLicenses: [],
  ...given,
})

/** A system model whose publisher is wherever `address` says. */
export const systemModel = (
  given: Partial<PublishedModel> & { name: string },
  bytes: Buffer,
  address: string | null,
): PublishedModel => ({
  aliases: [],
  application: 'EMBEDDING',
  license: 'MIT',
  description: `${given.name} for tests`,
  manifest: { output: 'embedding', vectorDimension: 3 },
  labels: [],
  publisher: { file: `${given.name}.onnx`, address, sha256: sha256Of(bytes), byteSize: bytes.length, verified: false },
  ...given,
})

export const embeddingFacts: ModelFacts = {
  inputs: [{ name: 'input', type: 'float32', shape: [-1, 3, 8, 8] }],
  outputs: [{ name: 'features', type: 'float32', shape: [-1, 3] }],
  fixedResolution: { width: 8, height: 8 },
  stride: 1,
  vectorDimension: 3,
  warmupMs: 1.5,
  installLog: null,
}

/** A backend that opens models by nothing but their description, and remembers what it was asked to open. */
export class OpeningBackend implements InferenceBackend {
  readonly opened: ModelRef[] = []
  facts: ModelFacts = embeddingFacts
  fault: Error | null = null

  loadModel(model: ModelRef): Promise<ModelFacts> {
    this.opened.push(model)
    return this.fault ? Promise.reject(this.fault) : Promise.resolve(this.facts)
  }

  readonly probe = this.unused
  readonly detect = this.unused
  readonly embed = this.unused
  readonly describe = this.unused
  isReady = (): Promise<boolean> => Promise.resolve(true)
  close = (): Promise<void> => Promise.resolve()

  private unused(): Promise<never> {
    return Promise.reject(new Error('Only opening is played here.'))
  }
}

export async function lakeOf(
  db: Database,
  models: ModelSettings,
  backend: InferenceBackend = new OpeningBackend(),
): Promise<Lake> {
  return {
    db,
    blobs: createDiskBlobStore(await newFolder()),
    backend,
    videos: createVideoTools(),
    signer: createUrlSigner({
      keys: () => Promise.resolve([{ id: '1', secret: Buffer.alloc(32, 7) }]),
      publicUrl: () => 'http://127.0.0.1:4000',
    }),
    models,
    limits: { maxUploadBytes: 1 << 20, maxModelBytes: 1 << 20, maxPageSize: 100 },
    log: silentLogger(),
    viewer: openViewer(),
  }
}
