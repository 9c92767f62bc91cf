with edited as (
  update task
  set queue = $5,
      priority = $6,
      payload = $8::json,
      max_attempts = $11,
      labels = $12::jsonb,
      title = $13,
      description = $14,
      run_at = case when $9 then $10::timestamptz else run_at end,
      -- A new run time moves a task between scheduled and queued; without one, a retrying task keeps waiting.
      state = case
        when not $9 or state = 'blocked' then state
        when $10 > clock_now() then 'scheduled'
        else 'queued'
      end,
      queued_at = case
        when not $9 then queued_at
        when $10 > clock_now() then null
        else coalesce(queued_at, clock_now())
      end,
      -- A gate may belong to the queue, so a task that moves to another queue leaves it.
      waiting_gate = case when queue = $5 then waiting_gate end,
      -- A requeued task kept its rank, so only the head starts are exchanged; a task that stays at a gate stays set
      -- aside, and one that leaves it gets its own rank back.
      rank = case
        when $9
        then greatest($10, clock_now())
          + case when waiting_gate is null or queue <> $5 then interval '0' else interval '8766000 hours' end
        else rank + ($17::bigint[])[priority + 1] * interval '1 ms'
          - case
              when queue <> $5 and rank >= '2900-01-01Z' then interval '8766000 hours'
              else interval '0'
            end
      end - $7::bigint * interval '1 ms',
      -- Both are counted from the moment the task is due, until its first start.
      start_by = case
        when $9 and start_by is not null
        then greatest($10, clock_now()) + (timeouts ->> 'scheduleToStartMs')::bigint * interval '1 ms'
        else start_by
      end,
      close_by = case
        when $9 and attempt = 0
        then greatest($10, clock_now()) + (timeouts ->> 'scheduleToCloseMs')::bigint * interval '1 ms'
        else close_by
      end
  where id = $1 and project = $2 and state = any($3::text[]) and xmin::text = $4
  returning id, project, queue, type, state, priority, rank, run_at, waiting_gate
), recorded as (
  insert into task_event (task_id, project, at, kind, actor, detail)
  select id, project, clock_now(), 'task.edited', $15, json_build_object('fields', $16::json) from edited
)
select id, project, queue, type, priority,
       case when state = 'queued' and waiting_gate is null
            then (extract(epoch from rank) * 1000)::float8 end as rank_ms,
       case when state = 'queued' and waiting_gate is null then pg_notify('taskflow_ready', queue) end as notify_ready,
       case when state = 'scheduled' then pg_notify('taskflow_due', run_at::text) end as notify_due
from edited
