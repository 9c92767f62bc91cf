select project, queue, type, priority, count(*) as tasks
from task
-- The moment it was queued, not the rank: a requeued task keeps its rank.
where state = 'queued' and queued_at < clock_now() - $1::bigint * interval '1 ms'
  -- Planner rule "set aside by rank": no broker knows tasks that wait at a gate.
  and rank < '2900-01-01Z'
group by project, queue, type, priority
