select id from worker where id = $1 and state in ('active', 'draining') and request is null
