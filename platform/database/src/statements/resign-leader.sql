with resigned as (
  update leader
  set expires_at = clock_now()
  where name = $1 and holder = $2 and expires_at > clock_now()
  returning name
)
select pg_notify('taskflow_resigned', name) as notify_resigned from resigned
