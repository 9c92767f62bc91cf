select id, kind, at, actor, detail, (extract(epoch from at) * 1000000)::bigint as at_us
from task_event
where task_id = $1
  and ($2::bigint is null or (at, id) > ('epoch'::timestamptz + $2::bigint * interval '1 microsecond', $3::uuid))
order by at, id
limit $4
