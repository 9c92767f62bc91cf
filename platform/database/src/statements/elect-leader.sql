with elected as (
  insert into leader (name, holder, term, elected_at, expires_at)
  values ($1, $2, 1, clock_now(), clock_now() + $3::bigint * interval '1 ms')
  on conflict (name) do update
  set holder = excluded.holder,
      term = leader.term + case when leader.expires_at <= clock_now() then 1 else 0 end,
      elected_at = case when leader.expires_at <= clock_now() then excluded.elected_at else leader.elected_at end,
      expires_at = excluded.expires_at
  where leader.expires_at <= clock_now() or leader.holder = excluded.holder
  returning term, expires_at
)
select term, (extract(epoch from expires_at - clock_now()) * 1000)::float8 as expires_in_ms
from (
  select term, expires_at from elected
  union all
  select null, expires_at from leader where name = $1 and not exists (select from elected)
) as known
