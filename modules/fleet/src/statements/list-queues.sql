select queue_count.queue, depth,
       (extract(epoch from clock_now() - oldest_queued_at) * 1000)::float8 as oldest_queued_ms,
       coalesce(settled.succeeded, 0) as succeeded,
       coalesce(settled.failed, 0) as failed,
       coalesce(settled.cancelled, 0) as cancelled,
       counted_at
from queue_count
left join queue_minute as settled
  on settled.project = queue_count.project
 and settled.queue = queue_count.queue
 and settled.minute = date_trunc('minute', clock_now()) - interval '1 minute'
where queue_count.project = $1
  and ($3::text is null or queue_count.queue > $3)
  and ($4::text is null or queue_count.queue = $4)
order by queue_count.queue
limit $2
