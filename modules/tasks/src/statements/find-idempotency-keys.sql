select project, key, request_hash, changes, task_ids, created_at
from idempotency_key
join unnest($1::text[], $2::text[]) as wanted (project, key) using (project, key)
