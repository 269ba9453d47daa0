-- A job is what people see; its pages are what workers claim. A page exists only while it is outstanding:
-- settling it deletes it in the transaction that writes its results, so that a worker that comes late finds nothing to settle.

create table job (
  id bigint generated always as identity primary key,
  kind text not null,
  name text not null,
  status text not null default 'QUEUED' check (status in
    ('QUEUED', 'IN_PROGRESS', 'PAUSED', 'CANCELLED', 'COMPLETED', 'COMPLETED_WITH_ERRORS', 'FAILED', 'REVERTING', 'REVERTED')),
  -- The same key while unfinished is the same job.
  key text not null,
  -- The caller's own key, with who it is: the same one is the same job for good.
  idempotency_key text unique,
  payload jsonb not null,
  -- Every effective parameter, written when the job is prepared.
  parameters jsonb not null,
  parameters_digest text,
  collection_id bigint references collection on delete set null,
  model_id bigint references model,
  model_version_id bigint references model_version,
  total integer,
  succeeded integer not null default 0,
  skipped integer not null default 0,
  failed integer not null default 0,
  priority integer not null default 0,
  -- Grows by one with every change people can see.
  seq integer not null default 1,
  last_unique_name text,
  -- {code, message, retryable}: why it failed or what it waits for.
  error jsonb,
  created_by text not null,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz
);
create unique index job_unfinished_key on job (key) where status in ('QUEUED', 'IN_PROGRESS', 'PAUSED');
create index job_collection on job (collection_id, id);

create table job_page (
  id bigint generated always as identity primary key,
  job_id bigint not null references job on delete cascade,
  -- PREPARE once, then PLAN cuts the job into ITEMS pages as fast as they are consumed.
  stage text not null check (stage in ('PREPARE', 'PLAN', 'ITEMS')),
  item_ids bigint[] not null default '{}',
  -- PLAN: the last item planned, and the last item that existed when the job started.
  cursor bigint,
  upper_bound bigint,
  not_before timestamptz not null default now(),
  lease_until timestamptz,
  worker text,
  -- Raised by every claim: who holds an older one can no longer settle.
  fence integer not null default 0,
  attempts integer not null default 0
);
create index job_page_job on job_page (job_id, stage);

create table job_failure (
  job_id bigint not null references job on delete cascade,
  item_id bigint not null references item on delete cascade,
  code text not null,
  message text not null,
  attempts integer not null default 1,
  failed_at timestamptz not null default now(),
  primary key (job_id, item_id)
);
create index job_failure_item on job_failure (item_id);
