drop function started_attempts_ago(uuid, integer);
drop index task_attempt_started;
