-- What is kept longer than its day is known by an index that holds nothing else, so that dropping a day neither reads
-- the day nor holds up those who settle.
-- Suits processes from: 0006
-- Lock: ACCESS EXCLUSIVE on finished_task_default while its index is built; it is small.

-- The days that have such an index, and the moment from which on it tells all: when an ordinary task of the day, one that
-- ended on it and was kept as long as is usual, is past retention. A day that was made before has no row here, and is read
-- when it is dropped.
create table partition_day (
  day        text primary key,
  kept_after timestamptz not null
);

-- Serves clear_old_rows.
create index finished_task_default_expiry on finished_task_default (keep_until);

-- As before, and the day of finished tasks gets its index of those that are kept longer. The default is for
-- processes of the version before, which know the usual retention only when they drop.
-- Lock: ACCESS EXCLUSIVE on the four default partitions, while they are scanned (they are small). Who reads long makes it fail
-- after a second and a half, since everybody else would wait behind; it is for days ahead, and the next round tries again.
drop function add_partition_day(date);
create function add_partition_day(day date, retention_ms bigint default 604800000) returns void
language plpgsql as $$
declare
  parent text;
  key text;
  part text;
  name text := to_char(day, 'YYYYMMDD');
  from_id uuid := first_id_at(day::timestamp at time zone 'UTC');
  to_id uuid := first_id_at((day + 1)::timestamp at time zone 'UTC');
  usually_until timestamptz := (day + 1)::timestamp at time zone 'UTC' + retention_ms * interval '1 ms';
begin
  -- Two coordinators at once: the second waits and finds the day made.
  perform pg_advisory_xact_lock(hashtext('taskflow partitions'));
  -- Longer than the second (deadlock_timeout) after which an autovacuum gives way.
  perform set_config('lock_timeout', '1500ms', true);
  foreach parent in array array['finished_task', 'task_attempt', 'task_event', 'task_log'] loop
    part := parent || '_' || name;
    if to_regclass(part) is not null then continue; end if;
    key := case parent when 'finished_task' then 'id' else 'task_id' end;
    execute format('create table %I (like %I including defaults including constraints)', part, parent);
    if parent = 'finished_task' then
      execute format('create index %I on %I (keep_until) where keep_until > %L', part || '_kept', part, usually_until);
      insert into partition_day values (name, usually_until)
      on conflict on constraint partition_day_pkey do update set kept_after = excluded.kept_after;
    end if;
    execute format('with moved as (delete from %I where %I >= $1 and %2$I < $2 returning *) insert into %3$I select * from moved',
                   parent || '_default', key, part) using from_id, to_id;
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, from_id, to_id);
  end loop;
end
$$;

-- Drops the partitions of the oldest day that ended before the given moment, and returns the day; null when there is
-- none that can be dropped now. Rows that must outlive it (a longer retention, a task that finished late or
-- has not finished) move to the default partitions first.
--
-- A day of which more than 50,000 tasks are kept longer stays until fewer are, for they are moved under the lock. So does
-- one made when tasks were kept longer than now: most of it is still to be read.
-- Lock: ACCESS EXCLUSIVE on the partitioned tables, while those kept longer are moved: a second at most. Who reads long
-- makes it fail after a second and a half, since everybody else would wait behind; the next round tries again.
create or replace function drop_partition_day(ended_before timestamptz) returns text
language plpgsql as $$
declare
  most_moved constant integer := 50000;
  oldest text;
  known_from timestamptz;
  kept integer;
  parent text;
  from_id uuid;
  to_id uuid;
begin
  perform pg_advisory_xact_lock(hashtext('taskflow partitions'));
  for oldest, known_from in
    select substr(child.relname, length('finished_task_') + 1), coalesce(made.kept_after, '-infinity')
    from pg_inherits
    join pg_class child on child.oid = inhrelid
    left join partition_day made on made.day = substr(child.relname, length('finished_task_') + 1)
    where inhparent = 'finished_task'::regclass
      and child.relname ~ '^finished_task_[0-9]{8}$'
      and (to_date(substr(child.relname, length('finished_task_') + 1), 'YYYYMMDD') + 1)::timestamp at time zone 'UTC' <= ended_before
      and (made.kept_after is null or made.kept_after <= clock_now())
    order by child.relname
  loop
    -- Both conditions as constants, or the planner would not see that the index has all of them.
    execute format('select count(*) from (select from %I where keep_until > %L and keep_until > %L limit %s) as kept',
                   'finished_task_' || oldest, known_from, clock_now(), most_moved + 1) into kept;
    exit when kept <= most_moved;
    oldest := null;
  end loop;
  if oldest is null then return null; end if;
  from_id := first_id_at(to_date(oldest, 'YYYYMMDD')::timestamp at time zone 'UTC');
  to_id := first_id_at((to_date(oldest, 'YYYYMMDD') + 1)::timestamp at time zone 'UTC');

  -- Longer than the second (deadlock_timeout) after which an autovacuum gives way.
  perform set_config('lock_timeout', '1500ms', true);
  foreach parent in array array['finished_task', 'task_attempt', 'task_event', 'task_log'] loop
    execute format('alter table %I detach partition %I', parent, parent || '_' || oldest);
  end loop;
  execute format('insert into finished_task select * from %I where keep_until > %L and keep_until > %L',
                 'finished_task_' || oldest, known_from, clock_now());
  foreach parent in array array['task_attempt', 'task_event', 'task_log'] loop
    -- From the few survivors to their rows, not from all rows to the survivors.
    execute format(
      'insert into %I
       select old.*
       from (select id from task where id >= $1 and id < $2
             union all
             select id from finished_task_default where id >= $1 and id < $2) as survivor
       join %I old on old.task_id = survivor.id',
      parent, parent || '_' || oldest) using from_id, to_id;
  end loop;
  foreach parent in array array['finished_task', 'task_attempt', 'task_event', 'task_log'] loop
    execute format('drop table %I', parent || '_' || oldest);
  end loop;
  delete from partition_day where day = oldest;
  return oldest;
end
$$;
