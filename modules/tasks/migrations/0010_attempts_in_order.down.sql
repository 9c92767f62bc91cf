drop index task_attempt_started;
