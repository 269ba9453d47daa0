-- Models are versions of a name. A version never changes once it is READY.

create table model (
  id bigint generated always as identity primary key,
  name text not null unique,
  application text not null check (application in ('AUTO_TAGGING', 'AUTO_ANNOTATION', 'EMBEDDING')),
  is_system boolean not null,
  description text,
  created_by text,
  created_at timestamptz not null default now()
);

create table model_version (
  id bigint generated always as identity primary key,
  model_id bigint not null references model,
  version integer not null check (version > 0),
  status text not null check (status in ('VALIDATING', 'READY', 'FAILED', 'ARCHIVED')),
  runtime text not null check (runtime in ('ONNX', 'PYTHON', 'REMOTE', 'EXTERNAL')),
  origin text not null check (origin in ('PUBLISHER', 'LOCAL', 'REGISTERED', 'EXTERNAL')),
  -- Of the model file, and of everything that decides what it answers (file, manifest, labels).
  sha256 text not null references blob,
  package_digest text not null,
  byte_size bigint not null,
  license text,
  manifest jsonb not null,
  labels text[] not null default '{}',
  vector_dimension integer,
  -- [{name, type, shape}], -1 for a free dimension; null until the graph was first opened.
  inputs jsonb,
  outputs jsonb,
  fixed_width integer,
  fixed_height integer,
  stride integer,
  warmup_ms real,
  registered_at timestamptz not null default now(),
  unique (model_id, version),
  unique (model_id, package_digest)
);
create index model_version_sha256 on model_version (sha256);
