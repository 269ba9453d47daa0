-- People's own models. A version that is being checked, or that failed its checks, has no content yet: what was sent for it
-- stays nobody's and is collected.

alter table model_version
  alter column sha256 drop not null,
  alter column package_digest drop not null,
  alter column byte_size drop not null,
  alter column runtime drop not null,
  drop constraint model_version_origin_check,
  add constraint model_version_origin_check
    check (origin in ('PUBLISHER', 'LOCAL', 'REGISTERED', 'EXTERNAL', 'BUNDLED')),
  add constraint model_version_content
    check (status in ('VALIDATING', 'FAILED')
      or (sha256 is not null and package_digest is not null and byte_size is not null and runtime is not null)),
  -- Where it was taken from: trying the same source again after a failure uses the failed row again, so that rows don't pile up.
  add column source_key text,
  -- {ok, checks: [{code, name, outcome, message, file, line, hint}], durationMs}; null for system models.
  add column validation jsonb,
  -- How the requirements of inference.py were installed; null before the first use.
  add column install_log text,
  add column created_by text;

-- `name@alias`: a name for a version that people move from one to the next.
create table model_alias (
  model_id bigint not null references model on delete cascade,
  name text not null,
  version_id bigint not null references model_version on delete cascade,
  updated_at timestamptz not null default now(),
  primary key (model_id, name)
);
create index model_alias_version on model_alias (version_id);

alter table job
  -- For people: what a job is at before or without items (reading a package, installing requirements); null otherwise.
  add column stage text,
  -- 0..1 of such a job; null: its items tell.
  add column fraction real,
  -- What a job without items found out, for whoever asked to wait for it.
  add column result jsonb;
-- A version whose package turned out to be one there is already goes; an attempt that failed before may have been its, too.
alter table job
  drop constraint job_model_version_id_fkey,
  add constraint job_model_version_id_fkey foreign key (model_version_id) references model_version on delete set null;
create index job_version on job (model_version_id);
-- Every such end asks whether results refer to the version. They lie in the order of versions, nearly, so that a few kilobytes say
-- they don't: 0.2 s became 1 ms at three million annotations, and writing them costs nothing.
create index item_result_version on item_result using brin (model_version_id) with (autosummarize = on);
create index annotation_version on annotation using brin (model_version_id) with (autosummarize = on);
create index item_tag_version on item_tag using brin (model_version_id) with (autosummarize = on);
create index job_model on job (model_id, id);
