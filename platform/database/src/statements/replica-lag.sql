select case
  -- On a primary, to which reads may be sent as well.
  when not pg_is_in_recovery() then 0
  -- The replica is connected and has replayed everything that it received, so an old last transaction means only low
  -- load.
  when pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() and exists (select from pg_stat_wal_receiver) then 0
  else coalesce(extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000, 'Infinity')
end::float8 as lag_ms
