import { ensureEmbeddingPartition, type Database } from '@lakelens/db'

export interface LakeModel {
  name: string
  version: number
}

export interface LakeAnnotation {
  label: string
  source: 'HUMAN' | 'MACHINE'
  kind: 'LABEL' | 'BOX' | 'POLYGON' | 'MASK' | 'POINTS'
  confidence: number | null
  review: 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'EDITED'
  frame: number | null
  by: string | null
  model: LakeModel | null
  isSuperseded: boolean
}

/** An item of a lake in memory, with all that a query can ask for. */
export interface LakeItem {
  name: string
  collection: string
  contentType: 'IMAGE' | 'VIDEO'
  mediaType: string
  digest: string
  byteSize: number
  width: number | null
  height: number | null
  durationSeconds: number | null
  frameCount: number | null
  frameRate: number | null
  metadata: Record<string, unknown>
  tags: string[]
  derivedTags: string[]
  createdAt: string
  updatedAt: string
  annotations: LakeAnnotation[]
  vectors: LakeModel[]
}

export const digestOf = (n: number): string => n.toString(16).padStart(2, 'a').repeat(32)

export const anItem = (name: string, item: Partial<LakeItem> = {}): LakeItem => ({
  name,
  collection: 'birds',
  contentType: 'IMAGE',
  mediaType: 'image/jpeg',
  digest: digestOf(1),
  byteSize: 1_000,
  width: 640,
  height: 480,
  durationSeconds: null,
  frameCount: null,
  frameRate: null,
  metadata: {},
  tags: [],
  derivedTags: [],
  createdAt: '2026-01-01T12:00:00.000Z',
  updatedAt: '2026-01-01T12:00:00.000Z',
  annotations: [],
  vectors: [],
  ...item,
})

export const anAnnotation = (label: string, annotation: Partial<LakeAnnotation> = {}): LakeAnnotation => ({
  label,
  source: 'MACHINE',
  kind: 'BOX',
  confidence: 0.9,
  review: 'PENDING',
  frame: null,
  by: null,
  model: null,
  isSuperseded: false,
  ...annotation,
})

const models = new Map<string, string>()
const keyOf = ({ name, version }: LakeModel) => `${name}:${version}`

/** Versions by name, with a partition for their vectors; made once a database. */
async function ensureModels(db: Database, wanted: readonly LakeModel[]): Promise<void> {
  for (const model of wanted) {
    if (models.has(keyOf(model))) continue
    const { rows } = await db.query<{ id: string }>(
      `with named as (
         insert into model (name, application, is_system) values ($1, 'EMBEDDING', false)
         on conflict (name) do update set name = excluded.name returning id)
       insert into model_version (model_id, version, status, origin, manifest)
       select id, $2, 'VALIDATING', 'REGISTERED', '{}' from named returning id`,
      [model.name, model.version],
    )
    const id = rows[0]?.id as string
    await db.transaction((tx) => ensureEmbeddingPartition(tx, id, 2))
    models.set(keyOf(model), id)
  }
}

const versionId = (model: LakeModel | null): string | null => (model && models.get(keyOf(model))) ?? null

/** Makes the items, in their order, the only ones of the database. */
export async function fillLake(db: Database, items: readonly LakeItem[]): Promise<void> {
  await ensureModels(
    db,
    items.flatMap((item) => [...item.vectors, ...item.annotations.flatMap(({ model }) => (model ? [model] : []))]),
  )
  await db.query('truncate item, collection cascade')
  const uniqueNames = items.map((item) => `${item.collection}_${item.name}`)
  await db.query(`insert into blob (digest, byte_size) select distinct unnest($1::text[]), 1 on conflict do nothing`, [
    items.map((item) => item.digest),
  ])
  await db.query(
    `insert into collection (name, content_type, created_by) select distinct unnest($1::text[]), 'IMAGE', 'test'`,
    [items.map((item) => item.collection)],
  )
  await db.query(
    `insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, width, height, duration_seconds,
       frame_count, frame_rate, metadata, tags, created_by, created_at, updated_at)
     select c.id, "uniqueName", new.name, "contentType", "mediaType", digest, "byteSize", width, height, "durationSeconds", "frameCount",
       "frameRate", new.metadata, new.tags, 'test', "createdAt", "updatedAt"
     from jsonb_to_recordset($1::jsonb) as new (n integer, collection text, "uniqueName" text, name text, "contentType" text,
       "mediaType" text, digest text, "byteSize" bigint, width integer, height integer, "durationSeconds" float8, "frameCount" integer,
       "frameRate" float8, metadata jsonb, tags text[], "createdAt" timestamptz, "updatedAt" timestamptz)
       join collection c on c.name = new.collection order by n`,
    [JSON.stringify(items.map((item, n) => ({ ...item, n, uniqueName: uniqueNames[n] })))],
  )
  const perItem = <T extends object>(pick: (item: LakeItem) => readonly T[]) =>
    JSON.stringify(items.flatMap((item, n) => pick(item).map((row) => ({ ...row, of: uniqueNames[n] }))))
  await db.query(
    `insert into annotation (item_id, label, source, kind, confidence, review, frame, created_by, model_version_id, superseded_at)
     select i.id, label, source, kind, confidence, review, frame, by, version, case when "isSuperseded" then now() end
     from jsonb_to_recordset($1::jsonb) as new ("of" text, label text, source text, kind text, confidence real, review text,
       frame integer, by text, version bigint, "isSuperseded" boolean) join item i on i.unique_name = new.of`,
    [perItem((item) => item.annotations.map((one) => ({ ...one, version: versionId(one.model) })))],
  )
  await db.query(
    `insert into item_tag (item_id, label, source, count)
     select distinct i.id, label, 'HUMAN', 1 from jsonb_to_recordset($1::jsonb) as new ("of" text, label text) join item i on i.unique_name = new.of`,
    [perItem((item) => item.derivedTags.map((label) => ({ label })))],
  )
  await db.query(
    `insert into embedding (model_version_id, item_id, embedding, source)
     select distinct version, i.id, '[1,2]'::vector, 'INSERTED'
     from jsonb_to_recordset($1::jsonb) as new ("of" text, version bigint) join item i on i.unique_name = new.of`,
    [perItem((item) => item.vectors.map((model) => ({ version: versionId(model) })))],
  )
}

/** Names of the items a condition finds, in the order they were made. */
export async function namesOf(db: Database, where: string, values: readonly unknown[]): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(`select i.name from item i where ${where} order by i.id`, values)
  return rows.map((row) => row.name)
}
