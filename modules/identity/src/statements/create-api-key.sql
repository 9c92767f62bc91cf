insert into api_key (id, project, name, role, hash, created_at, expires_at)
values ($1, $2, $3, $4, $5, clock_now(), $6)
returning id, name, role, created_at, expires_at, revoked_at, last_used_at
