import type { Queries } from './tables-of-tasks.ts'

const PARENTS = ['finished_task', 'task_attempt', 'task_event', 'task_log']

const OF_THIS_SCHEMA = `relnamespace = (select oid from pg_namespace where nspname = current_schema())`

/** Tables that are named after a day, attached as partitions or not. */
const DAYS = `
  (select oid, relname, relispartition, relpartbound, left(relname, -9) as parent, right(relname, 8) as day
   from pg_class
   where relkind = 'r' and relname ~ '^(${PARENTS.join('|')})_[0-9]{8}$' and ${OF_THIS_SCHEMA}) as part`

const startOf = (day: string): string => `first_id_at((${day})::timestamp at time zone 'UTC')`

/**
 * Violations of the form "table <name> …", which read the system catalogue. PostgreSQL enforces the bounds of partitions,
 * including default partitions, so each row is in the partition of its day when the bounds are correct.
 */
export const OF_TABLES: Queries = {
  'has a constraint that is not validated': `
    select relname as id, conname as detail
    from pg_constraint join pg_class on pg_class.oid = conrelid
    where not convalidated and ${OF_THIS_SCHEMA}`,
  'has an index that is not valid': `
    select relname as id, indexrelid::regclass as detail
    from pg_index join pg_class on pg_class.oid = indrelid
    where not (indisvalid and indisready and indislive) and ${OF_THIS_SCHEMA}`,
  'has no default partition': `
    select relname as id, null as detail
    from pg_partitioned_table join pg_class on pg_class.oid = partrelid
    where partdefid = 0 and ${OF_THIS_SCHEMA}`,
  'is named after a day, but is not a partition': `
    select relname as id, null as detail from ${DAYS} where not relispartition`,
  'holds a different day than its name says': `
    select relname as id, bounds as detail
    from ${DAYS}
    cross join lateral (select pg_get_expr(relpartbound, oid) as bounds, to_date(day, 'YYYYMMDD') as first_day) as held
    where relispartition
      and bounds <> format('FOR VALUES FROM (%L) TO (%L)', ${startOf('first_day')}, ${startOf('first_day + 1')})`,
  'lacks the partition of a day that other tables have': `
    select missing as id, day as detail
    from (select day, array_agg(parent::text) as parents from ${DAYS} group by day) as made
    cross join unnest('{${PARENTS.join(',')}}'::text[]) as missing
    where missing <> all (parents)`,
}
