with asked as materialized (
  select * from unnest($1::uuid[], $2::uuid[]) as asked (id, lease_id)
)
select id, lease_id, 'task' as ended,
       coalesce($3::json ->> (error ->> 'reason'), state) as outcome
from asked
join finished_task using (id, lease_id)
union all
select asked.id, asked.lease_id, 'attempt', outcome
from asked
join task_attempt on task_attempt.task_id = asked.id and task_attempt.lease_id = asked.lease_id
