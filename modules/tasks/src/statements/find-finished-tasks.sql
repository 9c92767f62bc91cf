select id from finished_task where id = any($1::uuid[])
