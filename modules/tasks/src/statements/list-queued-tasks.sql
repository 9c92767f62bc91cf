select id, (extract(epoch from rank) * 1000)::float8 as rank_ms
from task
where state = 'queued'
  and project = $1
  and queue = $2
  and type = $3
  and priority = $4
  and rank < '2900-01-01Z'
  and ($6::float8 is null or (rank, id) > (
    'epoch'::timestamptz + round($6::float8 * 1000) * interval '1 microsecond', $7::uuid))
order by rank, id
limit $5
