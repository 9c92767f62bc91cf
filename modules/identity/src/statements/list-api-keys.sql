select id, name, role, created_at, expires_at, revoked_at, last_used_at
from api_key
where project = $1
order by created_at
