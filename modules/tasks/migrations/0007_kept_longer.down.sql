drop function drop_partition_day(timestamptz);
drop function add_partition_day(date, bigint);
-- In the order in which whoever reads all days locks them, the default last: in another the two would stand in a ring.
do $$ declare part text;
begin
  for part in select day from partition_day order by day loop
    execute format('drop index if exists %I', 'finished_task_' || part || '_kept');
  end loop;
end $$;
drop index finished_task_default_expiry;
drop table partition_day;

-- Makes one day's partition of each table that is partitioned by task id. Rows of that
-- day that already sit in the default partition move into it. Does nothing for a day that has one.
-- Lock: ACCESS EXCLUSIVE on the four default partitions, while they are scanned (they are small).
create function add_partition_day(day date) returns void
language plpgsql as $$
declare
  parent text;
  key text;
  part text;
  from_id uuid := first_id_at(day::timestamp at time zone 'UTC');
  to_id uuid := first_id_at((day + 1)::timestamp at time zone 'UTC');
begin
  -- Two coordinators at once: the second waits and finds the day made.
  perform pg_advisory_xact_lock(hashtext('taskflow partitions'));
  foreach parent in array array['finished_task', 'task_attempt', 'task_event', 'task_log'] loop
    part := parent || '_' || to_char(day, 'YYYYMMDD');
    if to_regclass(part) is not null then continue; end if;
    key := case parent when 'finished_task' then 'id' else 'task_id' end;
    execute format('create table %I (like %I including defaults including constraints)', part, parent);
    execute format('with moved as (delete from %I where %I >= $1 and %2$I < $2 returning *) insert into %3$I select * from moved',
                   parent || '_default', key, part) using from_id, to_id;
    execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, part, from_id, to_id);
  end loop;
end
$$;

-- Drops the partitions of the oldest day that ended before the given moment, and returns the day;
-- null when there is none. Rows that must outlive it (a longer retention, a task that finished late or
-- has not finished) move to the default partitions first.
-- Lock: ACCESS EXCLUSIVE on the partitioned tables, while the survivors are found.
create function drop_partition_day(ended_before timestamptz) returns text
language plpgsql as $$
declare
  day text;
  parent text;
  from_id uuid;
  to_id uuid;
begin
  perform pg_advisory_xact_lock(hashtext('taskflow partitions'));
  select substr(child.relname, length('finished_task_') + 1) into day
  from pg_inherits
  join pg_class child on child.oid = inhrelid
  where inhparent = 'finished_task'::regclass
    and child.relname ~ '^finished_task_[0-9]{8}$'
    and (to_date(substr(child.relname, length('finished_task_') + 1), 'YYYYMMDD') + 1)::timestamp at time zone 'UTC' <= ended_before
  order by child.relname
  limit 1;
  if day is null then return null; end if;
  from_id := first_id_at(to_date(day, 'YYYYMMDD')::timestamp at time zone 'UTC');
  to_id := first_id_at((to_date(day, 'YYYYMMDD') + 1)::timestamp at time zone 'UTC');

  foreach parent in array array['finished_task', 'task_attempt', 'task_event', 'task_log'] loop
    execute format('alter table %I detach partition %I', parent, parent || '_' || day);
  end loop;
  execute format('insert into finished_task select * from %I where keep_until > clock_now()', 'finished_task_' || day);
  foreach parent in array array['task_attempt', 'task_event', 'task_log'] loop
    -- From the few survivors to their rows, not from all rows to the survivors.
    execute format(
      'insert into %I
       select old.*
       from (select id from task where id >= $1 and id < $2
             union all
             select id from finished_task_default where id >= $1 and id < $2) as survivor
       join %I old on old.task_id = survivor.id',
      parent, parent || '_' || day) using from_id, to_id;
  end loop;
  foreach parent in array array['finished_task', 'task_attempt', 'task_event', 'task_log'] loop
    execute format('drop table %I', parent || '_' || day);
  end loop;
  return day;
end
$$;
