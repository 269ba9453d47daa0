import { findUpload, markUploadReady, markUploadRefused, type Database } from '@lakelens/db'
import { maxPictureBytes } from '@lakelens/inference-client'
import type { Lake } from '../lake'
import { createBudget, type Budget } from './budget'
import { errors } from './errors'
import { storeBlob } from './storeBlob'

const MiB = 1024 * 1024

const thumbnailSize = 320
const maxThumbnailBytes = 4 * MiB
const probeTimeoutMs = 60_000

/** What probes together may hold in memory. Each counts for at least an eighth: eight at a time keep an inference service busy. */
const memoryBytes = 256 * MiB
const leastCost = memoryBytes / 8

interface Prober {
  running: Map<string, Promise<void>>
  budget: Budget
}

// A lake is made anew for every request; what its requests share hangs on the database they share.
const probers = new WeakMap<Database, Prober>()

function proberOf(database: Database): Prober {
  const prober = probers.get(database) ?? {
    running: new Map<string, Promise<void>>(),
    budget: createBudget(memoryBytes),
  }
  probers.set(database, prober)
  return prober
}

export const isProbing = (database: Database, uploadId: string): boolean => proberOf(database).running.has(uploadId)

/** Resolves when no probe is under way in this process: for who is about to close the database. */
export async function probesSettled(database: Database): Promise<void> {
  const { running } = proberOf(database)
  while (running.size > 0) await Promise.allSettled(running.values())
}

/**
 * Looks into a received upload and notes what was found: its facts and thumbnail, or why it is refused. Asked for twice in this
 * process it is done once; done by two replicas it is done twice and noted once. A fault of the service is thrown and nothing noted.
 */
export function startProbe(lake: Lake, upload: { id: string; byteSize: number }): Promise<void> {
  const { running, budget } = proberOf(lake.db)
  const present = running.get(upload.id)
  if (present) return present
  const probe = budget
    .spend(Math.max(leastCost, upload.byteSize), () => probeUpload(lake, upload.id))
    .finally(() => running.delete(upload.id))
  running.set(upload.id, probe)
  return probe
}

async function probeUpload(lake: Lake, uploadId: string): Promise<void> {
  // Read again: another replica may have been quicker while this one waited for its turn.
  const upload = await findUpload(lake.db, uploadId)
  if (upload?.status !== 'RECEIVED' || upload.digest === null) return
  if (upload.byteSize > maxPictureBytes) {
    const { category, message } = errors.PICTURE_TOO_LARGE({ limit: maxPictureBytes })
    return markUploadRefused(lake.db, uploadId, { code: category, message })
  }
  const bytes = await lake.blobs.read(upload.digest, maxPictureBytes)
  const found = await lake.backend.probe(bytes, thumbnailSize, { timeoutMs: probeTimeoutMs })
  if ('error' in found)
    return markUploadRefused(lake.db, uploadId, { code: found.error.code, message: found.error.message })
  const { mediaType, width, height, thumbnail } = found
  const stored = thumbnail.byteLength > 0 ? await storeBlob(lake, thumbnail, { maxBytes: maxThumbnailBytes }) : null
  await markUploadReady(lake.db, uploadId, { mediaType, width, height, thumbnailDigest: stored?.digest ?? null })
}
