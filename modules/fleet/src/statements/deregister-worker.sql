update worker set state = 'stopped', heartbeat_at = clock_now() where id = $1 and state <> 'lost'
