import {
  deriveTags,
  insertDetections,
  insertItems,
  markDone,
  touchBlob,
  type ItemRow,
  type NewDetection,
  type NewItemRow,
} from '@lakelens/db'
import { createCollection } from '../../collections'
import type { Lake } from '../../lake'

const digest = 'd'.repeat(64)

/** A collection of items without bytes: what is said of them is all that matters. `640 × 480` pixels unless said. */
export async function makeItems(
  lake: Lake,
  name: string,
  items: (Pick<NewItemRow, 'name'> & Partial<NewItemRow>)[],
): Promise<{ collectionId: string; items: ItemRow[] }> {
  const contentType = items[0]?.contentType ?? 'IMAGE'
  const { id } = await createCollection(lake, { name, contentType })
  await touchBlob(lake.db, { digest, byteSize: 1 })
  const rows = items.map((item) => ({
    collectionId: id,
    uniqueName: `${name}_${item.name}`,
    contentType,
    mediaType: contentType === 'VIDEO' ? 'video/mp4' : 'image/png',
    digest,
    byteSize: 1,
    width: 640,
    height: 480,
    thumbnailDigest: null,
    ...(contentType === 'VIDEO' && { durationSeconds: 4, frameCount: 100, frameRate: 25 }),
    ...item,
  }))
  return { collectionId: id, items: await insertItems(lake.db, rows, 'test') }
}

/** A version of a model called `name`, as registration leaves it: annotations may be its. */
export async function makeModelVersion(lake: Lake, name: string): Promise<string> {
  await touchBlob(lake.db, { digest, byteSize: 1 })
  const { rows } = await lake.db.query<{ id: string }>(
    `with made as (
       insert into model (name, application, is_system, created_by) values ($1, 'AUTO_TAGGING', false, 'test') returning id)
     insert into model_version (model_id, version, status, runtime, origin, manifest, sha256, package_digest, byte_size)
     select id, 1, 'READY', 'ONNX', 'REGISTERED', '{}', $2, 'p', 1 from made returning id`,
    [name, digest],
  )
  return rows[0]!.id
}

/** A run that has ended, of that version, and what it said of the items: pending annotations, tags, and a done-mark. */
export async function makeRun(
  lake: Lake,
  modelVersionId: string,
  detections: readonly NewDetection[],
): Promise<{ jobId: string; ids: string[] }> {
  const { rows } = await lake.db.query<{ id: string }>(
    `insert into job (kind, name, status, key, payload, parameters, created_by, model_version_id)
     values ('autoTag', 'x', 'COMPLETED', 'x', '{}', '{}', 'x', $1) returning id`,
    [modelVersionId],
  )
  const jobId = rows[0]!.id
  const key = { modelVersionId, parametersDigest: 'p' }
  const itemIds = [...new Set(detections.map(({ itemId }) => itemId))]
  await lake.db.transaction(async (tx) => {
    await insertDetections(tx, detections, { ...key, jobId })
    await deriveTags(tx, itemIds, modelVersionId)
    await markDone(tx, itemIds, key, jobId)
  })
  const made = await lake.db.query<{ id: string }>(`select id from annotation where job_id = $1 order by id`, [jobId])
  return { jobId, ids: made.rows.map(({ id }) => id) }
}
