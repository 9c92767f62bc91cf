select pg_advisory_xact_lock(hashtext('taskflow administrator')) as administrator_lock
