import type { NewDetection } from './annotations'
import type { Db } from './db'
import type { PageHold } from './jobPages'

/** A detection in one frame of a video. */
export interface FrameDetection extends Omit<NewDetection, 'itemId'> {
  /** 0 is the first. */
  frame: number
  timestampSeconds: number
}

/**
 * Notes what a page has found so far: nobody's yet, so that a long video needs neither memory nor one long transaction, and a
 * worker that is killed leaves nothing anybody sees. Writes nothing for who no longer holds the page; the lock keeps the page from
 * being claimed between the look and the rows.
 */
export async function stageDetections(
  db: Db,
  jobId: string,
  hold: PageHold,
  detections: readonly FrameDetection[],
): Promise<void> {
  if (detections.length === 0) return
  const side = (key: 'x' | 'y' | 'width' | 'height'): (number | null)[] =>
    detections.map(({ box }) => box?.[key] ?? null)
  await db.query(
    `with held as (select id, fence from job_page where id = $2 and fence = $3 for share)
     insert into staged_detection (job_id, page_id, fence, label, confidence, x, y, width, height, frame, timestamp_seconds)
     select $1, held.id, held.fence, new.*
     from held cross join unnest($4::text[], $5::real[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::integer[], $11::float8[])
       as new (label, confidence, x, y, width, height, frame, timestamp_seconds)`,
    [
      jobId,
      hold.id,
      hold.fence,
      detections.map((found) => found.label),
      detections.map((found) => found.confidence),
      side('x'),
      side('y'),
      side('width'),
      side('height'),
      detections.map((found) => found.frame),
      detections.map((found) => found.timestampSeconds),
    ],
  )
}

/** Makes what the holder of a page has noted the machine annotations of an item, in the order of its frames. */
export async function insertStagedDetections(
  tx: Db,
  hold: PageHold,
  itemId: string,
  from: { modelVersionId: string; jobId: string; parametersDigest: string },
): Promise<void> {
  await tx.query(
    `insert into annotation (item_id, label, source, kind, confidence, x, y, width, height, frame, timestamp_seconds,
       model_version_id, job_id, parameters_digest)
     select $3, label, 'MACHINE', case when x is null then 'LABEL' else 'BOX' end, confidence, x, y, width, height, frame, timestamp_seconds,
       $4, $5, $6
     from staged_detection where page_id = $1 and fence = $2
     order by frame, confidence desc`,
    [hold.id, hold.fence, itemId, from.modelVersionId, from.jobId, from.parametersDigest],
  )
}

/** Forgets what was noted for a page under fences below this one, by workers that were killed over it or lost it. */
export async function dropStagedBefore(db: Db, pageId: string, fence: number): Promise<void> {
  await db.query(`delete from staged_detection where page_id = $1 and fence < $2`, [pageId, fence])
}

/** Forgets what was noted for pages of a job that has ended. */
export async function dropStagedOfJob(tx: Db, jobId: string): Promise<void> {
  await tx.query(`delete from staged_detection where job_id = $1`, [jobId])
}
