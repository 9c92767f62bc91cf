select (extract(epoch from min(run_at) - clock_now()) * 1000)::float8 as due_in_ms
from task
where state in ('scheduled', 'retrying')
