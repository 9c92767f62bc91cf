insert into queue_minute (project, queue, minute, succeeded, failed, cancelled)
select worker.project, item.queue, date_trunc('minute', clock_now()), item.succeeded, item.failed, item.cancelled
from worker
cross join unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) as item (queue, succeeded, failed, cancelled)
where worker.id = $1
-- All workers lock rows in the same order, which prevents deadlocks.
order by item.queue
on conflict (project, queue, minute) do update
set succeeded = queue_minute.succeeded + excluded.succeeded,
    failed = queue_minute.failed + excluded.failed,
    cancelled = queue_minute.cancelled + excluded.cancelled
