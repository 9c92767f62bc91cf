update worker
set state = 'lost'
from unnest($1::uuid[], $2::timestamptz[]) as silent (id, heartbeat_at)
where worker.id = silent.id
  -- The time came back through a client whose clock ticks in milliseconds.
  and date_trunc('milliseconds', worker.heartbeat_at) = silent.heartbeat_at
  and worker.state in ('active', 'draining')
returning worker.id
