-- Lets a page of the attempts of a task, and of its history, be read without reading all of them.
-- Suits processes from: 0007
-- Lock: SHARE on each partition of task_attempt while its index is built, so that attempts that are to be retried,
-- snoozed or released wait; a million rows take about a second. To avoid that, build the same index on each partition
-- beforehand (create index concurrently on task_attempt_20260101 (task_id, started_at, lease_id)): this one adopts it.

-- Serves list_attempts and started_attempts_ago.
create index task_attempt_started on task_attempt (task_id, started_at, lease_id);

-- When the attempt of the task started that has so many of its recorded attempts from it on; null if it has had fewer. A
-- function, so that requeue_tasks opens the partitions of the attempts only for a task that is snoozed for a moment.
create function started_attempts_ago(of_task uuid, attempts integer) returns timestamptz
language plpgsql stable as $$
begin
  return (select started_at from task_attempt where task_id = of_task
          order by started_at desc, lease_id desc offset attempts - 1 limit 1);
end
$$;
