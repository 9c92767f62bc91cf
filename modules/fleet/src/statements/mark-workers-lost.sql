update worker
set state = 'lost'
from unnest($1::uuid[], $2::timestamptz[]) as silent (id, heartbeat_at)
where worker.id = silent.id
  -- The parameter passed through a client whose dates have a precision of milliseconds.
  and date_trunc('milliseconds', worker.heartbeat_at) = silent.heartbeat_at
  and worker.state in ('active', 'draining')
returning worker.id
