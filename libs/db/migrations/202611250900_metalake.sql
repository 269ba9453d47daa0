-- The MetaLake: metadata and tags of one's own, videos, annotations of every shape, files that jobs read and write.

-- Custom tags are compared without case. An index takes only functions that promise the same answer for ever; `lower` of an
-- array has none of its own. Its cost was measured (20 µs): taken for cheap, it was called for thousands of items one by one.
create function folded(words text[]) returns text[] language sql immutable parallel safe cost 2000
  return array(select lower(word) from unnest(words) as word);

alter table collection
  -- Given to every item that is added, under what the item says itself.
  add column metadata jsonb not null default '{}',
  add column tags text[] not null default '{}',
  -- From here on nothing is added: a job is taking it away.
  add column deleting boolean not null default false;

alter table upload
  add column content_type text check (content_type in ('IMAGE', 'VIDEO')),
  add column duration_seconds double precision,
  add column frame_count integer,
  add column frame_rate double precision;

alter table item
  add column metadata jsonb not null default '{}',
  add column tags text[] not null default '{}',
  -- Videos only.
  add column duration_seconds double precision,
  add column frame_count integer,
  add column frame_rate double precision;
create index item_metadata on item using gin (metadata jsonb_path_ops);
create index item_tags on item using gin (folded(tags));
create index item_created_at on item (created_at, id);
create index item_updated_at on item (updated_at, id);
create index item_byte_size on item (byte_size, id);
create index item_name on item (lower(name) text_pattern_ops, id);
-- Unique names are ordered as "C", which would fold ASCII alone.
create index item_folded_unique_name on item (lower(unique_name collate "default"));
create index item_content_type on item (content_type, id);

alter table annotation
  -- [{outer: [[x, y], …], holes: [[[x, y], …], …]}, …] in fractions; x, y, width, height are the box around any shape.
  add column polygons jsonb,
  -- [[x, y], …] in fractions.
  add column points jsonb,
  -- COCO's compressed run-length code, of a mask in the pixels of the item.
  add column rle text,
  add column phrase text,
  add column mask_score real check (mask_score between 0 and 1),
  -- Of a video: the frame (0 is the first) and its time.
  add column frame integer check (frame >= 0),
  add column timestamp_seconds double precision,
  add column reviewed_by text,
  add column reviewed_at timestamptz,
  -- What a person made of a model's: the model's own is kept, superseded.
  add column replaces bigint references annotation on delete set null;
-- Chapter 7 asks for items with annotations of people, or of models: few of either among many of the other.
create index annotation_live_source on annotation (source, item_id) where superseded_at is null;
create index annotation_replaces on annotation (replaces) where replaces is not null;
-- Deleting an item looks for all that refers to it, live or superseded: the partial indexes of the live rows can't answer that,
-- and each deleted item would read the whole table.
create index annotation_item on annotation (item_id);
create index item_result_item on item_result (item_id);

alter table item_tag
  -- Of a video: in how many of the frames looked at it was seen.
  add column frames integer;

-- What a run under a digest can say, so that a later run knows what it replaces. A digest without a row could say everything.
create table result_labels (
  model_version_id bigint not null references model_version on delete cascade,
  parameters_digest text not null,
  labels text[] not null,
  primary key (model_version_id, parameters_digest)
);

-- What a page has found in a long video so far. It becomes annotations when the page is settled, and is nobody's before.
create table staged_detection (
  job_id bigint not null references job on delete cascade,
  page_id bigint not null,
  fence integer not null,
  label text not null,
  confidence real not null,
  x double precision,
  y double precision,
  width double precision,
  height double precision,
  frame integer not null,
  timestamp_seconds double precision not null
);
create index staged_detection_page on staged_detection (page_id, fence);
create index staged_detection_job on staged_detection (job_id);

-- A failure may be of something that is no item: a line of a file, a name nobody has.
alter table job_failure
  drop constraint job_failure_pkey,
  alter column item_id drop not null,
  add column id bigint generated always as identity primary key,
  add column subject text,
  add column frame integer,
  add constraint job_failure_once unique (job_id, item_id),
  add constraint job_failure_about check (item_id is not null or subject is not null);
create index job_failure_job on job_failure (job_id, id);

alter table job
  -- The file a job made.
  add column output_digest text references blob,
  add column output_name text,
  add column output_media_type text,
  add column output_expires_at timestamptz;
create index job_output_digest on job (output_digest) where output_digest is not null;

-- Which item each picture of an annotation file is, while the file is read.
create table import_image (
  job_id bigint not null references job on delete cascade,
  external_id text not null,
  item_id bigint not null references item on delete cascade,
  -- Pixels as the file says, where it says them.
  width double precision,
  height double precision,
  -- Of a video: the frame that the picture is.
  frame integer,
  primary key (job_id, external_id)
);
create index import_image_item on import_image (item_id);
