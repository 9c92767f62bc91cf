insert into gate (project, name, closed_at) values ($1, $2, clock_now()) on conflict do nothing
