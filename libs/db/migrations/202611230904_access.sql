create table api_key (
  id bigint generated always as identity primary key,
  -- The public half; the secret is kept only as its SHA-256.
  key text not null unique,
  secret_sha256 bytea not null,
  name text not null,
  role text not null check (role in ('VIEWER', 'ANALYST', 'ADMIN')),
  -- At most one row may be the first key, however many replicas start at once.
  is_first boolean not null default false,
  created_by text not null,
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  revoked_at timestamptz
);
create unique index api_key_first on api_key (is_first) where is_first;

-- Signs upload and download addresses. All replicas share the rows; the newest signs, any of them verifies until retired.
create table signing_key (
  id bigint generated always as identity primary key,
  secret bytea not null,
  created_at timestamptz not null default now(),
  retired_at timestamptz
);
