with requested as (
  update worker
  set request = $3
  where project = $1 and id = $2 and state in ('active', 'draining')
  returning id
)
select id, pg_notify('taskflow_asked', id::text) as notify_asked from requested
