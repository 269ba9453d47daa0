import type { Db } from './db'
import { keysetWords, type Keyset } from './keyset'
import { storableOnly } from './storable'
import { asReal } from './real'

export type AnnotationSource = 'HUMAN' | 'MACHINE'
export type AnnotationKind = 'LABEL' | 'BOX' | 'POLYGON' | 'MASK' | 'POINTS'
export type ReviewStatus = 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'EDITED'

export interface AnnotationRow {
  id: string
  itemId: string
  label: string
  source: AnnotationSource
  kind: AnnotationKind
  confidence: number | null
  /** Fractions of the upright picture, top-left origin; null for a label of the whole item. */
  x: number | null
  y: number | null
  width: number | null
  height: number | null
  polygons: PolygonShape[] | null
  /** Fractions. */
  points: [number, number][] | null
  /** COCO's compressed run-length code, in the pixels of the item. */
  rle: string | null
  phrase: string | null
  maskScore: number | null
  /** Of a video: 0 is the first. */
  frame: number | null
  timestampSeconds: number | null
  modelVersionId: string | null
  jobId: string | null
  review: ReviewStatus
  reviewedBy: string | null
  createdBy: string | null
  createdAt: Date
}

/** One outline with its holes; points are fractions of the upright picture. */
export interface PolygonShape {
  outer: [number, number][]
  holes: [number, number][][]
}

export interface NewDetection {
  itemId: string
  label: string
  confidence: number
  /** Null: the label is of the picture as a whole. */
  box: { x: number; y: number; width: number; height: number } | null
}

/**
 * Ends the live machine annotations of one model version on these items: all of them, or those with any of `labels`, in any
 * case. What a person accepted, rejected or edited stays.
 */
export async function supersedeAnnotations(
  tx: Db,
  itemIds: readonly string[],
  modelVersionId: string,
  jobId: string,
  labels: readonly string[] | null = null,
): Promise<void> {
  await tx.query(
    `update annotation set superseded_at = now(), superseded_by = $3
     where item_id = any ($1::bigint[]) and model_version_id = $2 and source = 'MACHINE' and review = 'PENDING' and superseded_at is null
       and ($4::text[] is null or lower(label) = any (folded($4::text[])))`,
    [itemIds, modelVersionId, jobId, labels],
  )
}

export async function insertDetections(
  tx: Db,
  detections: readonly NewDetection[],
  from: { modelVersionId: string; jobId: string; parametersDigest: string },
): Promise<void> {
  if (detections.length === 0) return
  const column = <K extends keyof NewDetection>(key: K): NewDetection[K][] =>
    detections.map((detection) => detection[key])
  const side = (key: 'x' | 'y' | 'width' | 'height'): (number | null)[] =>
    detections.map(({ box }) => box?.[key] ?? null)
  await tx.query(
    `insert into annotation (item_id, label, source, kind, confidence, x, y, width, height, model_version_id, job_id, parameters_digest)
     select item_id, label, 'MACHINE', case when x is null then 'LABEL' else 'BOX' end, confidence, x, y, width, height, $8, $9, $10
     from unnest($1::bigint[], $2::text[], $3::real[], $4::float8[], $5::float8[], $6::float8[], $7::float8[])
       as new (item_id, label, confidence, x, y, width, height)`,
    [
      column('itemId'),
      column('label'),
      column('confidence'),
      side('x'),
      side('y'),
      side('width'),
      side('height'),
      from.modelVersionId,
      from.jobId,
      from.parametersDigest,
    ],
  )
}

/**
 * Derives the tags of these items from their live annotations of one model version. A tag keeps its provenance: another
 * model's tag, or a person's, is another row and is not touched.
 */
export async function deriveTags(tx: Db, itemIds: readonly string[], modelVersionId: string): Promise<void> {
  await tx.query(
    `delete from item_tag where item_id = any ($1::bigint[]) and source = 'MACHINE' and model_version_id = $2`,
    [itemIds, modelVersionId],
  )
  await tx.query(
    `insert into item_tag (item_id, label, source, model_version_id, job_id, count, max_confidence, frames)
     select item_id, label, 'MACHINE', $2, max(job_id), count(*), max(confidence), nullif(count(distinct frame), 0)
     from annotation
     where item_id = any ($1::bigint[]) and model_version_id = $2 and source = 'MACHINE' and review <> 'REJECTED' and superseded_at is null
     group by item_id, label`,
    [itemIds, modelVersionId],
  )
}

export interface TagRow {
  itemId: string
  label: string
  source: AnnotationSource
  modelVersionId: string | null
  jobId: string | null
  count: number
  maxConfidence: number | null
  /** Of a video: in how many of the frames looked at. */
  frames: number | null
}

/** By falling confidence within an item; a person's tags first. */
export async function tagsOfItems(db: Db, itemIds: readonly string[]): Promise<TagRow[]> {
  const { rows } = await db.query<TagRow>(
    `select item_id as "itemId", label, source, model_version_id as "modelVersionId", job_id as "jobId", count, max_confidence as "maxConfidence", frames
     from item_tag where item_id = any ($1::bigint[])
     order by item_id, source, max_confidence desc nulls last, label, model_version_id`,
    [itemIds],
  )
  return rows
}

/** Which kinds of live annotation each item has, rejected ones left out; items without any are left out. */
export async function annotationSourcesOfItems(
  db: Db,
  itemIds: readonly string[],
): Promise<{ itemId: string; source: AnnotationSource }[]> {
  const { rows } = await db.query<{ itemId: string; source: AnnotationSource }>(
    `select distinct item_id as "itemId", source from annotation
     where item_id = any ($1::bigint[]) and superseded_at is null and review <> 'REJECTED' order by source`,
    [itemIds],
  )
  return rows
}

export interface AnnotationFilter {
  sources: readonly AnnotationSource[] | null
  labels: readonly string[] | null
  minConfidence: number | null
  maxConfidence: number | null
  review: readonly ReviewStatus[] | null
  modelId: string | null
  jobId: string | null
}

/** Of a row `a` of `annotation`. */
export const annotationColumns = `a.id, a.item_id as "itemId", a.label, a.source, a.kind, a.confidence, a.x, a.y, a.width, a.height,
  a.polygons, a.points, a.rle, a.phrase, a.mask_score as "maskScore", a.frame, a.timestamp_seconds as "timestampSeconds",
  a.model_version_id as "modelVersionId", a.job_id as "jobId", a.review, a.reviewed_by as "reviewedBy",
  a.created_by as "createdBy", a.created_at as "createdAt"`
const matching = `a.item_id = $1 and a.superseded_at is null
  and ($2::text[] is null or a.source = any ($2)) and ($3::text[] is null or lower(a.label) = any (folded($3::text[])))
  and ($4::float8 is null or a.confidence >= $4::real) and ($5::float8 is null or a.confidence <= $5::real)
  and ($6::text[] is null or a.review = any ($6)) and ($8::bigint is null or a.job_id = $8)
  and ($7::bigint is null or a.model_version_id in (select id from model_version where model_id = $7))`
const filterValues = (itemId: string, filter: AnnotationFilter): unknown[] => [
  itemId,
  filter.sources,
  filter.labels && storableOnly(filter.labels),
  filter.minConfidence === null ? null : asReal(filter.minConfidence),
  filter.maxConfidence === null ? null : asReal(filter.maxConfidence),
  filter.review,
  filter.modelId,
  filter.jobId,
]

export async function listAnnotations(
  db: Db,
  itemId: string,
  filter: AnnotationFilter,
  keyset: Keyset,
): Promise<AnnotationRow[]> {
  const { beyond, order } = keysetWords(keyset)
  const { rows } = await db.query<AnnotationRow>(
    `select ${annotationColumns} from annotation a
     where ${matching} and ($9::bigint is null or a.id ${beyond} $9) order by a.id ${order} limit $10`,
    [...filterValues(itemId, filter), keyset.key, keyset.limit],
  )
  return rows
}

export async function countAnnotations(db: Db, itemId: string, filter: AnnotationFilter): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from annotation a where ${matching}`,
    filterValues(itemId, filter),
  )
  return rows[0]?.count ?? 0
}

/** Live detections a job wrote, by label, the most frequent first. */
export async function labelCountsOfJob(
  db: Db,
  jobId: string,
): Promise<{ label: string; items: number; detections: number }[]> {
  const { rows } = await db.query<{ label: string; items: number; detections: number }>(
    `select label, count(distinct item_id)::integer as items, count(*)::integer as detections
     from annotation where job_id = $1 and superseded_at is null and review <> 'REJECTED'
     group by label order by detections desc, label limit 1000`,
    [jobId],
  )
  return rows
}
