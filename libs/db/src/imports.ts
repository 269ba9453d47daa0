import type { AnnotationKind, AnnotationRow, AnnotationSource } from './annotations'
import type { Db } from './db'
import { exchangeItemColumns, type ExchangeItem } from './exchange'
import { storableJson, storableOnly, storableText } from './storable'

export interface ImportImage {
  externalId: string
  itemId: string
  width: number | null
  height: number | null
  /** Of a video: the frame that the picture is. */
  frame: number | null
}

/** Notes which item each picture of a file is; the first of an id counts. */
export async function insertImportImages(tx: Db, jobId: string, images: readonly ImportImage[]): Promise<void> {
  if (images.length === 0) return
  await tx.query(
    `insert into import_image (job_id, external_id, item_id, width, height, frame)
     select $1, "externalId", "itemId", width, height, frame
     from jsonb_to_recordset($2::jsonb) as new ("externalId" text, "itemId" bigint, width float8, height float8, frame integer)
     on conflict do nothing`,
    [jobId, storableJson(images)],
  )
}

export type NotedImage = ImportImage & { item: ExchangeItem }

/** By the file's own id. */
export async function importImages(
  db: Db,
  jobId: string,
  externalIds: readonly string[],
): Promise<Map<string, NotedImage>> {
  const { rows } = await db.query<
    ImportImage & ExchangeItem & { imageWidth: number | null; imageHeight: number | null; imageFrame: number | null }
  >(
    `select p.external_id as "externalId", p.width as "imageWidth", p.height as "imageHeight", p.frame as "imageFrame", ${exchangeItemColumns}
     from import_image p join item i on i.id = p.item_id
     where p.job_id = $1 and p.external_id = any ($2::text[])`,
    [jobId, storableOnly(externalIds)],
  )
  return new Map(
    rows.map(({ externalId, imageWidth, imageHeight, imageFrame, ...item }) => [
      externalId,
      { externalId, itemId: item.id, width: imageWidth, height: imageHeight, frame: imageFrame, item },
    ]),
  )
}

/** What an import noted for itself: needed no more when it has ended, and in the way when it begins anew. */
export async function clearImport(tx: Db, jobId: string): Promise<void> {
  await tx.query(`delete from import_image where job_id = $1`, [jobId])
  await tx.query(`delete from job_failure where job_id = $1`, [jobId])
}

export const clearImportImages = async (tx: Db, jobId: string): Promise<void> => {
  await tx.query(`delete from import_image where job_id = $1`, [jobId])
}

export interface SubjectFailure {
  /** Where in the file: its name and line, or the id of an entry. */
  subject: string
  code: string
  message: string
}

export async function recordSubjectFailures(tx: Db, jobId: string, failures: readonly SubjectFailure[]): Promise<void> {
  if (failures.length === 0) return
  await tx.query(
    `insert into job_failure (job_id, subject, code, message)
     select $1, subject, code, message from unnest($2::text[], $3::text[], $4::text[]) as failed (subject, code, message)`,
    [
      jobId,
      failures.map((failure) => storableText(failure.subject)),
      failures.map((failure) => failure.code),
      failures.map((failure) => storableText(failure.message)),
    ],
  )
}

export type Candidate = Pick<AnnotationRow, 'polygons' | 'points' | 'rle' | 'jobId'> & { index: number }

/**
 * Annotations that may say what the new ones say: of the same item, label, source, kind and frame, with nearly the same box. Live
 * ones, and machine annotations that a person has replaced. `index` is the place of the new one; at most twenty for each, those of
 * exactly its shape first, so that the one that matters is among them however many share a box.
 */
export async function similarAnnotations(
  tx: Db,
  annotations: readonly {
    itemId: string
    label: string
    source: AnnotationSource
    kind: AnnotationKind
    frame: number | null
    x: number | null
    y: number | null
    width: number | null
    height: number | null
    polygons: AnnotationRow['polygons']
    points: AnnotationRow['points']
    rle: string | null
  }[],
  tolerance: number,
): Promise<Candidate[]> {
  const placed = `a.id, a.item_id, a.label, a.source, a.kind, coalesce(a.frame, -1) as frame, a.x, a.y, a.width, a.height`
  const { rows } = await tx.query<Candidate>(
    // Each item's annotations are read once, not once a new one: a film has a hundred thousand.
    `with new as materialized (
       select * from jsonb_to_recordset($1::jsonb) as new (index integer, "itemId" bigint, label text, source text, kind text,
         frame integer, x float8, y float8, width float8, height float8, polygons jsonb, points jsonb, rle text)),
     known as materialized (
       select ${placed} from annotation a
       where a.item_id = any (array(select "itemId" from new)) and a.superseded_at is null
       union all
       select ${placed} from annotation own join annotation a on a.id = own.replaces
       where own.item_id = any (array(select "itemId" from new)) and own.superseded_at is null),
     found as (
       select new.index, a.polygons, a.points, a.rle, a.job_id, row_number() over (
           partition by new.index
           order by a.polygons is not distinct from new.polygons and a.points is not distinct from new.points
             and a.rle is not distinct from new.rle desc) as place
       from new join known on known.item_id = new."itemId" and known.label = new.label and known.source = new.source
         and known.kind = new.kind and known.frame = coalesce(new.frame, -1)
         and ((known.x is null and new.x is null) or (abs(known.x - new.x) <= $2::float8 and abs(known.y - new.y) <= $2::float8
           and abs(known.width - new.width) <= $2::float8 and abs(known.height - new.height) <= $2::float8))
       join annotation a on a.id = known.id)
     select index, polygons, points, rle, job_id as "jobId" from found where place <= 20`,
    [
      storableJson(
        annotations.map(
          ({ itemId, label, source, kind, frame, x, y, width, height, polygons, points, rle }, index) => ({
            index,
            itemId,
            label,
            source,
            kind,
            frame,
            x,
            y,
            width,
            height,
            polygons,
            points,
            rle,
          }),
        ),
      ),
      tolerance,
    ],
  )
  return rows
}

/** Everything a job has written, whatever became of it since. */
export async function countAnnotationsOfJob(db: Db, jobId: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from annotation where job_id = $1`,
    [jobId],
  )
  return rows[0]?.count ?? 0
}
