select project, queue, type, priority, count(*) as tasks
from task
-- Not by the rank: a task that came back from a worker kept its place, and was queued just now all the same.
where state = 'queued' and queued_at < clock_now() - $1::bigint * interval '1 ms'
group by project, queue, type, priority
