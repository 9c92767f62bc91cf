select case
  -- A primary. Reads may be sent there too.
  when not pg_is_in_recovery() then 0
  -- All that came is applied, and more would come: that the last of it is old says only that little happens.
  when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() and exists (select from pg_stat_wal_receiver) then 0
  else coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000, 'Infinity')
end::float8 as lag_ms
