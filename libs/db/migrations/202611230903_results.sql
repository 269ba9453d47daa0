-- What models and people say of items.

-- An item counts as done when it was processed, not when something was found.
create table item_result (
  item_id bigint not null references item on delete cascade,
  model_version_id bigint not null references model_version,
  parameters_digest text not null,
  job_id bigint not null references job,
  processed_at timestamptz not null default now(),
  superseded_at timestamptz,
  superseded_by bigint references job
);
create unique index item_result_live on item_result (item_id, model_version_id, parameters_digest) where superseded_at is null;
create index item_result_job on item_result (job_id);

create table annotation (
  id bigint generated always as identity primary key,
  item_id bigint not null references item on delete cascade,
  label text not null,
  source text not null check (source in ('HUMAN', 'MACHINE')),
  kind text not null check (kind in ('LABEL', 'BOX', 'POLYGON', 'MASK', 'POINTS')),
  confidence real check (confidence between 0 and 1),
  -- Fractions of the upright picture, top-left origin.
  x double precision,
  y double precision,
  width double precision,
  height double precision,
  model_version_id bigint references model_version,
  job_id bigint references job,
  parameters_digest text,
  review text not null default 'PENDING' check (review in ('PENDING', 'ACCEPTED', 'REJECTED', 'EDITED')),
  created_by text,
  created_at timestamptz not null default now(),
  superseded_at timestamptz,
  superseded_by bigint references job
);
create index annotation_live on annotation (item_id, id) where superseded_at is null;
create index annotation_live_label on annotation (lower(label), item_id) where superseded_at is null;
create index annotation_job on annotation (job_id);
create index annotation_superseded on annotation (superseded_at) where superseded_at is not null;

-- Derived from the live annotations of an item, per label, source and model version.
create table item_tag (
  item_id bigint not null references item on delete cascade,
  label text not null,
  source text not null check (source in ('HUMAN', 'MACHINE')),
  model_version_id bigint references model_version,
  job_id bigint references job,
  count integer not null,
  max_confidence real,
  unique nulls not distinct (item_id, source, model_version_id, label)
);
create index item_tag_label on item_tag (lower(label), item_id);

-- float32, exactly as computed. One partition a model version, each of one dimension.
create table embedding (
  model_version_id bigint not null,
  item_id bigint not null references item on delete cascade,
  embedding vector not null,
  source text not null check (source in ('GENERATED', 'INSERTED')),
  job_id bigint references job,
  created_at timestamptz not null default now(),
  primary key (model_version_id, item_id)
) partition by list (model_version_id);
create index embedding_item on embedding (item_id);
