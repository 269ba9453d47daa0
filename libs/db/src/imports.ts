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
 * ones, and machine annotations that a person has replaced. `index` is the place of the new one.
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
  }[],
  tolerance: number,
): Promise<Candidate[]> {
  const same = `a.label = new.label and a.source = new.source and a.kind = new.kind and a.frame is not distinct from new.frame
    and ((a.x is null and new.x is null) or (abs(a.x - new.x) <= $2::float8 and abs(a.y - new.y) <= $2::float8
      and abs(a.width - new.width) <= $2::float8 and abs(a.height - new.height) <= $2::float8))`
  const { rows } = await tx.query<Candidate>(
    `select new.index, found.polygons, found.points, found.rle, found.job_id as "jobId"
     from jsonb_to_recordset($1::jsonb) as new (index integer, "itemId" bigint, label text, source text, kind text, frame integer,
       x float8, y float8, width float8, height float8)
     cross join lateral (
       select a.polygons, a.points, a.rle, a.job_id from annotation a
       where a.item_id = new."itemId" and a.superseded_at is null and ${same}
       union all
       select a.polygons, a.points, a.rle, a.job_id from annotation own join annotation a on a.id = own.replaces
       where own.item_id = new."itemId" and own.superseded_at is null and ${same}
       limit 20) as found`,
    [
      storableJson(
        annotations.map(({ itemId, label, source, kind, frame, x, y, width, height }, index) => ({
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
        })),
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
