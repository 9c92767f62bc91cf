update api_key
set revoked_at = coalesce(revoked_at, clock_now())
where project = $1 and id = $2
returning id, name, role, created_at, expires_at, revoked_at, last_used_at
