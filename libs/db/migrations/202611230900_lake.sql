-- The lake: collections, their items, uploads on the way in, and the blobs all of them point at.

create extension if not exists vector;

-- One row a distinct content. Its bytes lie in the blob store under the same digest. Foreign keys are the counted
-- references: a row can only go when nothing points at it.
create table blob (
  digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
  byte_size bigint not null check (byte_size >= 0),
  touched_at timestamptz not null default now()
);

create table collection (
  id bigint generated always as identity primary key,
  name text not null unique,
  content_type text not null check (content_type in ('IMAGE', 'VIDEO', 'OTHER')),
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table upload (
  id text primary key,
  file_name text not null,
  purpose text not null,
  byte_size bigint not null,
  sha256 text,
  -- WAITING for its bytes, RECEIVED and not yet looked at, READY to be used, REFUSED with a reason.
  status text not null default 'WAITING' check (status in ('WAITING', 'RECEIVED', 'READY', 'REFUSED')),
  digest text references blob,
  thumbnail_digest text references blob,
  media_type text,
  width integer,
  height integer,
  refusal jsonb,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null
);
create index upload_expires_at on upload (expires_at);
create index upload_digest on upload (digest);
create index upload_thumbnail_digest on upload (thumbnail_digest);

create table item (
  id bigint generated always as identity primary key,
  collection_id bigint not null references collection,
  -- "C": the same order on every database, whatever its locale.
  unique_name text collate "C" not null unique check (char_length(unique_name) <= 256),
  name text not null,
  content_type text not null check (content_type in ('IMAGE', 'VIDEO', 'OTHER')),
  media_type text not null,
  digest text not null references blob,
  byte_size bigint not null,
  -- Pixels as people see the picture: after EXIF orientation.
  width integer,
  height integer,
  thumbnail_digest text references blob,
  created_by text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (collection_id, name)
);
create index item_collection on item (collection_id, id);
create index item_digest on item (digest);
create index item_thumbnail_digest on item (thumbnail_digest);
