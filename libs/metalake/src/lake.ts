import type { Database } from '@lakelens/db'
import type { InferenceBackend } from '@lakelens/inference-client'
import type { Logger } from '@lakelens/kernel'
import type { BlobStore, UrlSigner, VideoTools } from '@lakelens/media'
import type { Viewer } from './access/viewer'
import type { ModelSettings } from './models/settings'

/** What every use-case is given. The gateway makes one a request, with the request's viewer; a worker one for itself. */
export interface Lake {
  db: Database
  blobs: BlobStore
  backend: InferenceBackend
  videos: VideoTools
  signer: UrlSigner
  models: ModelSettings
  limits: LakeLimits
  log: Logger
  viewer: Viewer
}

export interface LakeLimits {
  /** Largest upload in bytes. */
  maxUploadBytes: number
  /** Largest model package in bytes, compressed. */
  maxModelBytes: number
  /** Largest page of a connection. */
  maxPageSize: number
}
