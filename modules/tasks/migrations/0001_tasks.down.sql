drop view any_task;
drop table task_log;
drop table task_event;
drop table task_attempt;
drop table finished_task;
drop table task;
drop function first_id_at(timestamptz);
drop function clock_now();
