import type { Db } from './db'

/** A made-up lake, the same for the same values: what is random in it is a hash of `seed` and the item's number. */
export interface SeedPlan {
  seed: number
  /** Of pictures and videos together: items are spread evenly over the `days` before `until`. */
  items: number
  /** An instant. */
  until: string
  days: number
  /** By what they hold. */
  collections: Record<'IMAGE' | 'VIDEO', Shared>
  /** Stored files, which the items share in turn. */
  files: Record<'IMAGE' | 'VIDEO', readonly SeedFile[]>
  labels: Shared
  tags: Shared
  places: readonly string[]
  machine: SeedMachine
}

/** What is drawn from, and where the share of each ends: ascending within 0..1, one fewer than values. */
export interface Shared {
  values: readonly string[]
  ends: readonly number[]
}

export interface SeedFile {
  digest: string
  byteSize: number
  width: number
  height: number
  frameCount: number | null
  frameRate: number | null
}

/** Whose the machine annotations are. */
export interface SeedMachine {
  modelVersionId: string
  jobId: string
}

const digestOfRun = '5eed'.repeat(16)
export const seedAuthor = 'seed'

/** False when collections of these names are there already. */
export async function insertSeedCollections(
  tx: Db,
  names: readonly string[],
  contentType: 'IMAGE' | 'VIDEO',
): Promise<string[] | null> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into collection (name, content_type, created_by, metadata)
     select name, $2, $3, jsonb_build_object('source', 'seed')
     from unnest($1::text[]) with ordinality as new (name, n) order by n
     on conflict (name) do nothing returning id`,
    [names, contentType, seedAuthor],
  )
  return rows.length === names.length ? rows.map((row) => row.id) : null
}

/** A model of another system that nobody can run, and the run its detections came from. `sha256` is a blob that is there. */
export async function insertSeedMachine(
  tx: Db,
  labels: readonly string[],
  blob: { sha256: string; byteSize: number },
): Promise<SeedMachine> {
  await tx.query(
    `insert into model (name, application, is_system, description, created_by)
     values ('seed-detector', 'AUTO_TAGGING', false, 'Detections of a made-up lake; can not be run.', $1) on conflict (name) do nothing`,
    [seedAuthor],
  )
  await tx.query(
    `insert into model_version (model_id, version, status, runtime, origin, sha256, package_digest, byte_size, manifest, labels, created_by)
     select id, 1, 'ARCHIVED', 'EXTERNAL', 'EXTERNAL', $1, $1, $2::bigint, '{}', $3::text[], $4 from model where name = 'seed-detector'
     on conflict do nothing`,
    [blob.sha256, blob.byteSize, labels, seedAuthor],
  )
  const { rows } = await tx.query<SeedMachine>(
    `insert into job (kind, name, status, key, payload, parameters, parameters_digest, model_id, model_version_id, total, created_by, started_at, finished_at)
     select 'autoTag', 'Detections of a made-up lake', 'COMPLETED', 'seed', '{}', '{}', $1, m.id, v.id, 0, $2, now(), now()
     from model m join model_version v on v.model_id = m.id where m.name = 'seed-detector'
     returning id as "jobId", model_version_id as "modelVersionId"`,
    [digestOfRun, seedAuthor],
  )
  if (!rows[0]) throw new Error('The model of the made-up lake was not written.')
  return rows[0]
}

/** 0..1, of a number and of what is drawn for it: a hash of both and the seed (parameter $1). 53 bits, as a double has. */
const drawn = (number: string, salt: number): string =>
  `((hashint8extended(${number}, $1::bigint + ${salt}) & 9007199254740991) / 9007199254740992.0)::float8`
/** An entry of an array parameter, drawn by shares. */
const byShare = (values: string, shares: string, number: string, salt: number): string =>
  `(${values})[1 + width_bucket(${drawn(number, salt)}, ${shares})]`
const oneOf = (values: string, number: string, salt: number): string =>
  `(${values})[1 + floor(${drawn(number, salt)} * cardinality(${values}))::integer]`
const int = (number: string, salt: number, least: number, most: number): string =>
  `(${least} + floor(${drawn(number, salt)} * ${most - least + 1}))::integer`

/** Numbers of an item's annotations: 12 of a hundred have none, the others one and up to 19 more, three and a half on average. */
const annotationCount = `case when ${drawn('n', 20)} < 0.12 then 0
  else least(20, 1 + floor(-ln(1 - ${drawn('n', 21)}) * 3.5))::integer end`

const metadata = `case when ${drawn('n', 30)} < 0.1 then '{}'::jsonb else jsonb_build_object(
  'Captured Location', ${oneOf('$8::text[]', 'n', 31)},
  'project', 'project ' || ${int('n', 32, 1, 40)},
  'temperature', round((${drawn('n', 33)} * 60 - 25)::numeric, 1),
  'camera', jsonb_build_object('make', ${oneOf("array['Asta', 'Borel', 'Canto', 'Dilo']", 'n', 34)}, 'iso', 100 * ${int('n', 35, 1, 64)}),
  'weather', case when ${drawn('n', 36)} < 0.5 then '["sunny"]'::jsonb when ${drawn('n', 37)} < 0.5 then '["rain", "wind"]'::jsonb else '[]'::jsonb end,
  'checked', ${drawn('n', 38)} < 0.25) end`

const seedStatement = `
  with files as (
    select * from jsonb_to_recordset($9::jsonb) as file (number integer, digest text, "byteSize" bigint, width integer, height integer,
      "frameCount" integer, "frameRate" float8)),
  numbered as (
    select n, (n % $14::integer)::integer as file, 1 + width_bucket(${drawn('n', 10)}, $4::float8[]) as place
    from generate_series($2::bigint, $3::bigint) as n),
  new as (
    insert into item (collection_id, unique_name, name, content_type, media_type, digest, byte_size, width, height, thumbnail_digest,
      duration_seconds, frame_count, frame_rate, metadata, tags, created_by, created_at, updated_at)
    select c.id, c.name || '_' || named.name, named.name, $10, $11, files.digest, files."byteSize", files.width, files.height, null,
      files."frameCount" / files."frameRate", files."frameCount", files."frameRate", ${metadata},
      array(select distinct ${byShare('$6::text[]', '$7::float8[]', 'n * 8 + k', 40)}
            from generate_series(1, ${int('n', 41, 0, 3)}) as k),
      '${seedAuthor}', made.at, made.at
    from numbered
      join files on files.number = numbered.file
      join collection c on c.id = ($5::bigint[])[place]
      cross join lateral (select $12::text || lpad(n::text, 9, '0') || $13::text as name) named
      cross join lateral (
        select $15::timestamptz - make_interval(secs => ($17::float8 - n) / $17::float8 * $16::float8 * 86400) as at) made
    order by n
    returning id, substring(name from '[0-9]{9}')::bigint as n, frame_count, frame_rate, created_at),
  said as (
    insert into annotation (item_id, label, source, kind, confidence, x, y, width, height, model_version_id, job_id, parameters_digest,
      review, reviewed_by, reviewed_at, created_by, created_at, frame, timestamp_seconds)
    select id, label, source, 'BOX', case source when 'MACHINE' then confidence end, x, y, least(width, 1 - x), least(height, 1 - y),
      case source when 'MACHINE' then $18::bigint end, case source when 'MACHINE' then $19::bigint end,
      case source when 'MACHINE' then '${digestOfRun}' end, review, case when review <> 'PENDING' then '${seedAuthor}' end,
      case when review <> 'PENDING' then created_at end, case source when 'HUMAN' then '${seedAuthor}' end, created_at, frame,
      frame / frame_rate
    from (
      select id, created_at, frame_rate, ${byShare('$20::text[]', '$21::float8[]', 'a', 50)} as label,
        case when ${drawn('a', 51)} < 0.2 then 'HUMAN' else 'MACHINE' end as source,
        (0.25 + 0.75 * sqrt(${drawn('a', 52)}))::real as confidence,
        ${drawn('a', 53)} * 0.8 as x, ${drawn('a', 54)} * 0.8 as y, 0.02 + ${drawn('a', 55)} ^ 2 * 0.6 as width, 0.02 + ${drawn('a', 56)} ^ 2 * 0.6 as height,
        case when ${drawn('a', 51)} < 0.2 or ${drawn('a', 57)} < 0.8 then 'PENDING' when ${drawn('a', 58)} < 0.25 then 'REJECTED' else 'ACCEPTED' end as review,
        floor(${drawn('a', 59)} * frame_count)::integer as frame
      from new cross join lateral (select n * 32 + k as a from generate_series(1, ${annotationCount}) as k) numbered) drawn
    returning item_id, label, source, model_version_id, job_id, confidence, frame, review),
  tagged as (
    insert into item_tag (item_id, label, source, model_version_id, job_id, count, max_confidence, frames)
    select item_id, label, source, model_version_id, max(job_id), count(*), max(confidence), nullif(count(distinct frame), 0)
    from said where review <> 'REJECTED' group by item_id, label, source, model_version_id),
  done as (
    insert into item_result (item_id, model_version_id, parameters_digest, job_id)
    select distinct item_id, $18::bigint, '${digestOfRun}', $19::bigint from said where source = 'MACHINE')
  select (select count(*) from new)::integer as items, (select count(*) from said)::integer as annotations`

/** Writes the items of one stretch of numbers with all that is said of them, in one statement. Pictures and videos apart. */
export async function insertSeedItems(
  db: Db,
  plan: SeedPlan,
  range: { from: number; to: number; kind: 'IMAGE' | 'VIDEO' },
): Promise<{ items: number; annotations: number }> {
  const isVideo = range.kind === 'VIDEO'
  const files = plan.files[range.kind]
  const { rows } = await db.query<{ items: number; annotations: number }>(seedStatement, [
    plan.seed * 1_000,
    range.from,
    range.to,
    plan.collections[range.kind].ends,
    plan.collections[range.kind].values,
    plan.tags.values,
    plan.tags.ends,
    plan.places,
    JSON.stringify(files.map((file, number) => ({ number, ...file }))),
    range.kind,
    isVideo ? 'video/mp4' : 'image/png',
    isVideo ? 'VID_' : 'IMG_',
    isVideo ? '.mp4' : '.png',
    files.length,
    plan.until,
    plan.days,
    plan.items,
    plan.machine.modelVersionId,
    plan.machine.jobId,
    plan.labels.values,
    plan.labels.ends,
  ])
  return rows[0] ?? { items: 0, annotations: 0 }
}

/** Tells the planner what has come in: otherwise it plans for the empty lake of before until the server finds the time. */
export async function analyzeLake(db: Db): Promise<void> {
  for (const table of ['collection', 'item', 'annotation', 'item_tag', 'item_result'])
    await db.query(`analyze ${table}`)
}
