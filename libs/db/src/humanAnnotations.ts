import { annotationColumns, type AnnotationRow, type AnnotationSource, type ReviewStatus } from './annotations'
import type { Db } from './db'
import { storableJson, storableOnly } from './storable'

export type NewAnnotation = Pick<
  AnnotationRow,
  'itemId' | 'label' | 'source' | 'kind' | 'confidence' | 'x' | 'y' | 'width' | 'height' | 'polygons' | 'points' | 'rle'
> &
  Pick<AnnotationRow, 'frame' | 'timestampSeconds' | 'review' | 'createdBy' | 'jobId'> & {
    phrase?: string | null
    maskScore?: number | null
    /** The machine's annotation that a person made this of. */
    replaces?: string | null
  }

const shapeRecord = `x float8, y float8, width float8, height float8, polygons jsonb, points jsonb, rle text`

/** Inserts annotations that no run of a model made, in the order given. */
export async function insertAnnotations(tx: Db, annotations: readonly NewAnnotation[]): Promise<AnnotationRow[]> {
  if (annotations.length === 0) return []
  const { rows } = await tx.query<AnnotationRow>(
    `insert into annotation as a (item_id, label, source, kind, confidence, x, y, width, height, polygons, points, rle, phrase,
       mask_score, frame, timestamp_seconds, review, created_by, job_id, replaces)
     select "itemId", label, source, kind, confidence, x, y, width, height, polygons, points, rle, phrase,
       "maskScore", frame, "timestampSeconds", review, "createdBy", "jobId", replaces
     from jsonb_to_recordset($1::jsonb) as new ("itemId" bigint, label text, source text, kind text, confidence real, ${shapeRecord},
       phrase text, "maskScore" real, frame integer, "timestampSeconds" float8, review text, "createdBy" text, "jobId" bigint,
       replaces bigint)
     returning ${annotationColumns}`,
    [storableJson(annotations)],
  )
  return rows
}

/** Live ones, in no particular order; unknown ids are left out. */
export async function annotationsByIds(db: Db, ids: readonly string[]): Promise<AnnotationRow[]> {
  const { rows } = await db.query<AnnotationRow>(
    `select ${annotationColumns} from annotation a where a.id = any ($1::bigint[]) and a.superseded_at is null`,
    [ids],
  )
  return rows
}

/** A person's own annotation, changed in place. */
export async function changeAnnotation(
  tx: Db,
  id: string,
  change: Pick<AnnotationRow, 'label' | 'kind' | 'x' | 'y' | 'width' | 'height' | 'polygons' | 'points' | 'rle'>,
): Promise<AnnotationRow | null> {
  const { rows } = await tx.query<AnnotationRow>(
    `update annotation a
     set label = new.label, kind = new.kind, x = new.x, y = new.y, width = new.width, height = new.height,
       polygons = new.polygons, points = new.points, rle = new.rle
     from jsonb_to_record($2::jsonb) as new (label text, kind text, ${shapeRecord})
     where a.id = $1 and a.superseded_at is null
     returning ${annotationColumns}`,
    [id, storableJson(change)],
  )
  return rows[0] ?? null
}

/**
 * Ends live annotations by a person's word, and returns what went, each with the model version whose word it was: its own, or of
 * what a person made of a model's, that model's.
 */
export async function retireAnnotations(
  tx: Db,
  ids: readonly string[],
): Promise<{ itemId: string; source: AnnotationSource; modelVersionId: string | null }[]> {
  const { rows } = await tx.query<{ itemId: string; source: AnnotationSource; modelVersionId: string | null }>(
    `update annotation a set superseded_at = now() where a.id = any ($1::bigint[]) and a.superseded_at is null
     returning a.item_id as "itemId", a.source,
       coalesce(a.model_version_id, (select o.model_version_id from annotation o where o.id = a.replaces)) as "modelVersionId"`,
    [ids],
  )
  return rows
}

/** What a person deleted of a model version's is not done: its marks end, under every digest. */
export async function endResults(
  tx: Db,
  pairs: readonly { itemId: string; modelVersionId: string | null }[],
): Promise<void> {
  const machine = pairs.filter((pair) => pair.modelVersionId !== null)
  if (machine.length === 0) return
  await tx.query(
    `update item_result r set superseded_at = now()
     from (select distinct item_id, version_id from unnest($1::bigint[], $2::bigint[]) as pair (item_id, version_id)) as gone
     where r.item_id = gone.item_id and r.model_version_id = gone.version_id and r.superseded_at is null`,
    [machine.map((pair) => pair.itemId), machine.map((pair) => pair.modelVersionId)],
  )
}

/**
 * Derives all tags of these items, whoever they are from, from their live annotations. Rejected ones leave none. For callers
 * that hold the items' locks.
 */
export async function deriveAllTags(tx: Db, itemIds: readonly string[]): Promise<void> {
  if (itemIds.length === 0) return
  await tx.query(`delete from item_tag where item_id = any ($1::bigint[])`, [itemIds])
  await tx.query(
    `insert into item_tag (item_id, label, source, model_version_id, job_id, count, max_confidence, frames)
     select item_id, label, source, model_version_id, max(job_id), count(*), max(confidence), nullif(count(distinct frame), 0)
     from annotation
     where item_id = any ($1::bigint[]) and review <> 'REJECTED' and superseded_at is null
     group by item_id, label, source, model_version_id`,
    [itemIds],
  )
}

/** People changed what is said of these items. */
export async function touchItems(tx: Db, itemIds: readonly string[]): Promise<void> {
  await tx.query(`update item set updated_at = now() where id = any ($1::bigint[])`, [itemIds])
}

export interface ReviewFilter {
  jobId: string
  labels: readonly string[] | null
  minConfidence: number | null
  maxConfidence: number | null
  review: readonly ReviewStatus[]
}

/** Live annotations of a job after an id, by id, with their items: what a review goes through, stretch by stretch. */
export async function annotationsToReview(
  db: Db,
  filter: ReviewFilter,
  range: { after: string; limit: number },
): Promise<{ id: string; itemId: string }[]> {
  const { rows } = await db.query<{ id: string; itemId: string }>(
    `select id, item_id as "itemId" from annotation
     where job_id = $1 and superseded_at is null and id > $2::bigint and review = any ($3::text[])
       and ($4::text[] is null or lower(label) = any (folded($4::text[])))
       and ($5::float8 is null or confidence >= $5::real) and ($6::float8 is null or confidence <= $6::real)
     order by id limit $7`,
    [
      filter.jobId,
      range.after,
      filter.review,
      filter.labels && storableOnly(filter.labels),
      filter.minConfidence,
      filter.maxConfidence,
      range.limit,
    ],
  )
  return rows
}

/**
 * Writes a decision on live annotations and returns the items whose annotations changed, once a changed annotation. What a person
 * made of a model's stays EDITED where it is accepted. `from`: only those in one of these states, as they are now.
 */
export async function decideAnnotations(
  tx: Db,
  ids: readonly string[],
  decision: { isAccepted: boolean; by: string; from: readonly ReviewStatus[] | null },
): Promise<string[]> {
  const { rows } = await tx.query<{ itemId: string }>(
    `update annotation a set review = decided.review, reviewed_by = $3, reviewed_at = now()
     from (select id, case when not $2 then 'REJECTED' when replaces is null then 'ACCEPTED' else 'EDITED' end as review
           from annotation where id = any ($1::bigint[])) as decided
     where a.id = decided.id and a.superseded_at is null and a.review <> decided.review
       and ($4::text[] is null or a.review = any ($4::text[]))
     returning a.item_id as "itemId"`,
    [ids, decision.isAccepted, decision.by, decision.from],
  )
  return rows.map((row) => row.itemId)
}
