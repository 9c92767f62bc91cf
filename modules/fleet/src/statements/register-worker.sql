insert into worker (id, project, name, host, pid, version, labels, queues, types, slots, started_at, heartbeat_at,
                    request)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_now(), clock_now(),
        (select request from worker where project = $2 and id = $11))
on conflict (id) do nothing
