select id, heartbeat_at
from worker
where state in ('active', 'draining') and heartbeat_at < clock_now() - $1::bigint * interval '1 ms'
