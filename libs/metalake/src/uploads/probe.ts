import { findUpload, markUploadReady, markUploadRefused, type Database } from '@lakelens/db'
import { maxPictureBytes } from '@lakelens/inference-client'
import type { Lake } from '../lake'
import { createBudget, type Budget } from './budget'
import { errors } from './errors'
import { beginsAsVideo, probeVideo, thumbnailSize, type Found, type Refused } from './probeVideo'
import { storeBlob } from './storeBlob'

const MiB = 1024 * 1024

const maxThumbnailBytes = 4 * MiB
const probeTimeoutMs = 60_000

/** What probes together may hold in memory. Each counts for at least an eighth: eight at a time keep an inference service busy. */
const memoryBytes = 256 * MiB
const leastCost = memoryBytes / 8
/** Four decoders at a time. */
const videoCost = memoryBytes / 4

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
  const probe = probeInTurn(lake, upload, budget).finally(() => running.delete(upload.id))
  running.set(upload.id, probe)
  return probe
}

async function probeInTurn(
  lake: Lake,
  { id, byteSize }: { id: string; byteSize: number },
  budget: Budget,
): Promise<void> {
  const upload = await findUpload(lake.db, id)
  if (upload?.digest == null) return
  const isVideo = await beginsAsVideo(lake, upload.digest)
  // A picture is held whole; what a decoder of videos holds has nothing to do with the size of the file.
  const cost = isVideo ? videoCost : Math.max(leastCost, byteSize)
  await budget.spend(cost, () => probeUpload(lake, id, isVideo))
}

async function probeUpload(lake: Lake, uploadId: string, isVideo: boolean): Promise<void> {
  // Read again: another replica may have been quicker while this one waited for its turn.
  const upload = await findUpload(lake.db, uploadId)
  if (upload?.status !== 'RECEIVED' || upload.digest === null) return
  const found = isVideo
    ? await probeVideo(lake, upload.digest)
    : await probePicture(lake, upload.digest, upload.byteSize)
  if ('refusal' in found) return markUploadRefused(lake.db, uploadId, found.refusal)
  const { thumbnail, ...facts } = found
  const stored = thumbnail.byteLength > 0 ? await storeBlob(lake, thumbnail, { maxBytes: maxThumbnailBytes }) : null
  await markUploadReady(lake.db, uploadId, { ...facts, thumbnailDigest: stored?.digest ?? null })
}

async function probePicture(lake: Lake, digest: string, byteSize: number): Promise<Found | Refused> {
  if (byteSize > maxPictureBytes) {
    const { category, message } = errors.PICTURE_TOO_LARGE({ limit: maxPictureBytes })
    return { refusal: { code: category, message } }
  }
  const bytes = await lake.blobs.read(digest, maxPictureBytes)
  const found = await lake.backend.probe(bytes, thumbnailSize, { timeoutMs: probeTimeoutMs })
  return 'error' in found ? { refusal: found.error } : { contentType: 'IMAGE', ...found, video: null }
}
