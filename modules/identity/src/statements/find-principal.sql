with used as (
  update api_key
  set last_used_at = clock_now()
  where hash = $1 and (last_used_at is null or last_used_at < clock_now() - interval '1 minute')
)
select name, role, project
from api_key
where hash = $1 and revoked_at is null and (expires_at is null or expires_at > clock_now())
