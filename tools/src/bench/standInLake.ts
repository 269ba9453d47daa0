import { resolve } from 'node:path'
import { openDatabase, type Database } from '@lakelens/db'
import type { DetectResult, InferenceBackend, ModelFacts, ModelRef, Picture } from '@lakelens/inference-client'
import { silentLogger } from '@lakelens/kernel'
import { createDiskBlobStore, createUrlSigner, createVideoTools } from '@lakelens/media'
import { signingKeys, systemViewer, type Lake } from '@lakelens/metalake'

const facts: ModelFacts = {
  inputs: [],
  outputs: [],
  fixedResolution: null,
  stride: 32,
  vectorDimension: null,
  warmupMs: 1,
  installLog: null,
}

/**
 * A model of no cost: every picture shows one red box. What is left is what the lake itself costs: planning, claiming, reading
 * files, writing what was found.
 */
export class StandInBackend implements InferenceBackend {
  detect = (_model: ModelRef, pictures: readonly Picture[]): Promise<DetectResult[]> =>
    Promise.resolve(
      pictures.map(({ id }) => ({
        id,
        detections: [{ label: 'red', confidence: 0.9, box: { x: 0.25, y: 0.25, width: 0.5, height: 0.5 } }],
      })),
    )
  loadModel = (): Promise<ModelFacts> => Promise.resolve(facts)
  isReady = (): Promise<boolean> => Promise.resolve(true)
  close = (): Promise<void> => Promise.resolve()
  probe = (): Promise<never> => Promise.reject(new Error('The stand-in only detects.'))
  embed = (): Promise<never> => Promise.reject(new Error('The stand-in only detects.'))
  describe = (): Promise<never> => Promise.reject(new Error('The stand-in only detects.'))
}

/** A lake over a database with the stand-in for a model; `mediaDir` holds its files. */
export const standInLake = (db: Database, mediaDir: string): Lake => ({
  db,
  blobs: createDiskBlobStore(mediaDir),
  backend: new StandInBackend(),
  videos: createVideoTools(),
  signer: createUrlSigner({ keys: signingKeys(db), publicUrl: () => 'http://127.0.0.1:4000' }),
  models: {
    modelsDir: resolve(__dirname, '..', '..', 'fixtures'),
    dataDir: mediaDir,
    offline: true,
    defaults: { AUTO_TAGGING: 'tiny-detector', EMBEDDING: 'tiny-embedder' },
    deniedLicenses: [],
  },
  limits: { maxUploadBytes: 1_000_000, maxModelBytes: 1_000_000, maxPageSize: 100 },
  log: silentLogger(),
  viewer: systemViewer(),
})

export const openBenchDatabase = (url: string, folder: string): Promise<Database> =>
  openDatabase({ url, dataDir: folder, log: silentLogger() })
