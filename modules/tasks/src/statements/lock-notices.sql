select id, project, task_id, kind, at
from task_notice
where consumer = $1
order by id
limit $2
for update skip locked
