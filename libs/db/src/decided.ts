import type { Db } from './db'

/** Something a person decided, and a new detection of the same model version, label and frame that lies where it lies. */
export interface DecidedPair {
  detectionId: string
  decidedId: string
  /** 0..1; 1 where both are of the whole picture. */
  iou: number
}

/**
 * What a job has just said of these items that a person had decided already: pairs of its pending annotations with the machine
 * annotations of the same model version that were accepted, rejected, or replaced by a person's own. Best first.
 *
 * `is not distinct from` keeps the index on jobs out of it: of a job that began a minute ago the statistics know nothing, and
 * a plan that starts from "its one annotation" would read all of its million for every page.
 */
export async function pairsWithDecided(
  tx: Db,
  itemIds: readonly string[],
  modelVersionId: string,
  jobId: string,
  minIou: number,
): Promise<DecidedPair[]> {
  const { rows } = await tx.query<DecidedPair>(
    `with decided as materialized (
       select a.id, a.item_id, a.label, a.frame, a.x, a.y, a.width, a.height
       from annotation a
       where a.item_id = any ($1::bigint[]) and a.superseded_at is null and a.model_version_id = $2 and a.source = 'MACHINE'
         and a.review in ('ACCEPTED', 'REJECTED')
       union
       select a.id, a.item_id, a.label, a.frame, a.x, a.y, a.width, a.height
       from annotation own join annotation a on a.id = own.replaces
       where own.item_id = any ($1::bigint[]) and own.superseded_at is null and a.model_version_id = $2 and a.source = 'MACHINE'),
     met as (
       select new.id as detection_id, d.id as decided_id,
         case when new.x is null and d.x is null then 1
           when new.x is null or d.x is null then 0
           else greatest(0, least(new.x + new.width, d.x + d.width) - greatest(new.x, d.x))
             * greatest(0, least(new.y + new.height, d.y + d.height) - greatest(new.y, d.y)) end as overlap,
         case when new.x is null or d.x is null then 0 else new.width * new.height + d.width * d.height end as areas
       from decided d
       join annotation new on new.item_id = d.item_id and lower(new.label) = lower(d.label) and new.frame is not distinct from d.frame
       where new.superseded_at is null and new.job_id is not distinct from $3 and new.model_version_id = $2 and new.source = 'MACHINE'
         and new.review = 'PENDING')
     select detection_id as "detectionId", decided_id as "decidedId", iou
     from (select detection_id, decided_id, case when areas = 0 then overlap else overlap / nullif(areas - overlap, 0) end::float8 as iou from met) as pair
     where iou >= $4::float8 order by iou desc, detection_id, decided_id`,
    [itemIds, modelVersionId, jobId, minIou],
  )
  return rows
}

/** Takes annotations out that this same transaction wrote: nobody has seen them. */
export async function dropAnnotations(tx: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  await tx.query(`delete from annotation where id = any ($1::bigint[])`, [ids])
}
