insert into task_log (id, task_id, project, attempt, at, level, message, fields)
select *
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::timestamptz[], $6::text[], $7::text[], $8::json[])
on conflict do nothing
