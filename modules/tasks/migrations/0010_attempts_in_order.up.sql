-- Lets a page of the attempts of a task, and of its history, be read without reading all of them.
-- Suits processes from: 0007
-- Lock: SHARE on each partition of task_attempt while its index is built, so that attempts that are to be retried,
-- snoozed or released wait; a million rows take about a second. To avoid that, build the same index on each partition
-- beforehand (create index concurrently on task_attempt_20260101 (task_id, started_at, lease_id)): this one adopts it.

-- Serves list_attempts and requeue_tasks.
create index task_attempt_started on task_attempt (task_id, started_at, lease_id);
