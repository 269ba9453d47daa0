import type { Db } from './db'

export type UploadStatus = 'WAITING' | 'RECEIVED' | 'READY' | 'REFUSED'

export interface UploadRow {
  id: string
  fileName: string
  purpose: string
  byteSize: number
  sha256: string | null
  status: UploadStatus
  digest: string | null
  thumbnailDigest: string | null
  mediaType: string | null
  width: number | null
  height: number | null
  /** What it turned out to be; null until it was looked into. */
  contentType: 'IMAGE' | 'VIDEO' | null
  durationSeconds: number | null
  frameCount: number | null
  frameRate: number | null
  refusal: { code: string; message: string } | null
  expiresAt: Date
}

// A file's size fits a double exactly (2^53 bytes), and bigint would come back as text.
const columns = `id, file_name as "fileName", purpose, byte_size::float8 as "byteSize", sha256, status, digest,
  thumbnail_digest as "thumbnailDigest", media_type as "mediaType", width, height, content_type as "contentType",
  duration_seconds as "durationSeconds", frame_count as "frameCount", frame_rate as "frameRate", refusal, expires_at as "expiresAt"`

export interface NewUpload {
  id: string
  fileName: string
  purpose: string
  byteSize: number
  sha256: string | null
  createdBy: string
}

export async function insertUpload(db: Db, upload: NewUpload, lifetimeSeconds: number): Promise<void> {
  await db.query(
    `insert into upload (id, file_name, purpose, byte_size, sha256, created_by, expires_at)
     values ($1, $2, $3, $4::bigint, $5, $6, now() + make_interval(secs => $7))`,
    [upload.id, upload.fileName, upload.purpose, upload.byteSize, upload.sha256, upload.createdBy, lifetimeSeconds],
  )
}

/** Null also when its time is over and no sweep has come by yet. */
export async function findUpload(db: Db, id: string): Promise<UploadRow | null> {
  const { rows } = await db.query<UploadRow>(`select ${columns} from upload where id = $1 and expires_at > now()`, [id])
  return rows[0] ?? null
}

/** Notes the bytes of an upload that had none, and gives it its time anew. False when it has some already, or is gone. */
export async function markUploadReceived(
  db: Db,
  id: string,
  digest: string,
  lifetimeSeconds: number,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update upload set status = 'RECEIVED', digest = $2, expires_at = now() + make_interval(secs => $3)
     where id = $1 and status = 'WAITING'`,
    [id, digest, lifetimeSeconds],
  )
  return rowCount > 0
}

export interface ProbedFacts {
  contentType: 'IMAGE' | 'VIDEO'
  mediaType: string
  width: number
  height: number
  thumbnailDigest: string | null
  /** Of a video; null for pictures. */
  video: { durationSeconds: number; frameCount: number; frameRate: number } | null
}

/** The first probe to end decides; one that another replica ran meanwhile changes nothing. */
export async function markUploadReady(db: Db, id: string, facts: ProbedFacts): Promise<void> {
  await db.query(
    `update upload set status = 'READY', media_type = $2, width = $3, height = $4, thumbnail_digest = $5,
       content_type = $6, duration_seconds = $7, frame_count = $8, frame_rate = $9
     where id = $1 and status = 'RECEIVED'`,
    [
      id,
      facts.mediaType,
      facts.width,
      facts.height,
      facts.thumbnailDigest,
      facts.contentType,
      facts.video?.durationSeconds ?? null,
      facts.video?.frameCount ?? null,
      facts.video?.frameRate ?? null,
    ],
  )
}

export async function markUploadRefused(db: Db, id: string, refusal: { code: string; message: string }): Promise<void> {
  await db.query(`update upload set status = 'REFUSED', refusal = $2::jsonb where id = $1 and status = 'RECEIVED'`, [
    id,
    JSON.stringify(refusal),
  ])
}

/**
 * Deletes at most `limit` uploads whose time is over and returns how many. The grace time of their blobs begins now, so that an
 * item made of such an upload at this moment still finds them. Blobs are locked in the order of their digests: two sweeps that
 * run at once would otherwise wait for each other.
 */
export async function deleteExpiredUploads(db: Db, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with expired as (
       select id from upload where expires_at <= now() order by expires_at limit $1 for update skip locked
     ), gone as (
       delete from upload using expired where upload.id = expired.id returning upload.digest, upload.thumbnail_digest
     ), freed as (
       select digest from blob
       where digest in (select digest from gone union select thumbnail_digest from gone)
       order by digest for no key update
     ), touched as (
       update blob set touched_at = now() from freed where blob.digest = freed.digest
     )
     select count(*)::integer as count from gone`,
    [limit],
  )
  return rows[0]?.count ?? 0
}
