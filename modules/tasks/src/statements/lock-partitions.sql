select pg_advisory_xact_lock(hashtext('taskflow partitions')) as locked
