delete from task_notice where id = any($1::bigint[])
