-- A secret is shown once and kept as its SHA-256: it has 256 bits of chance, so a slow hash would add nothing.
create table api_key (
  id           uuid primary key,
  project      text not null,
  name         text not null,
  role         text not null,
  hash         text not null unique,
  created_at   timestamptz not null,
  expires_at   timestamptz,
  revoked_at   timestamptz,
  last_used_at timestamptz,
  constraint api_key_role_known check (role in ('viewer', 'submitter', 'operator', 'admin'))
);

-- The caller's retry of a request: the same key with the same request gives the same tasks.
create table idempotency_key (
  project      text not null,
  key          text not null,
  request_hash text not null,
  task_ids     uuid[] not null,
  created_at   timestamptz not null,
  primary key (project, key)
);
-- Serves clear_old_rows.
create index idempotency_key_age on idempotency_key (created_at);
