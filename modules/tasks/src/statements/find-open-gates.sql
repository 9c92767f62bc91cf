-- The gates at which tasks wait, one index look-up each, however many tasks wait there.
with recursive waiting as (
  (select project, waiting_gate from task where waiting_gate is not null order by project, waiting_gate limit 1)
  union all
  select following.project, following.waiting_gate
  from waiting
  cross join lateral (
    select task.project, task.waiting_gate
    from task
    where task.waiting_gate is not null
      and (task.project, task.waiting_gate) > (waiting.project, waiting.waiting_gate)
    order by task.project, task.waiting_gate
    limit 1
  ) as following
)
select project, waiting_gate as name
from waiting
where not exists (select from gate where gate.project = waiting.project and gate.name = waiting.waiting_gate)
