import type { Database } from '@taskflow/database'
import { rowsOf } from './raw-sql.ts'

interface Line {
  readonly line: string
}

interface Relation {
  readonly oid: number
  readonly name: string
  readonly partition_of: string | null
  readonly bounds: string | null
  readonly partition_key: string | null
  readonly options: string | null
}

const RELATIONS = `
  select table_.oid::integer, table_.relname::text as name, parent.relname::text as partition_of,
         pg_get_expr(table_.relpartbound, table_.oid) as bounds, pg_get_partkeydef(table_.oid) as partition_key,
         array_to_string(table_.reloptions, ', ') as options
  from pg_class table_
  left join pg_inherits on inhrelid = table_.oid
  left join pg_class parent on parent.oid = inhparent
  where table_.relnamespace = current_schema()::regnamespace and table_.relkind in ('r', 'p')
  order by parent.relname nulls first, table_.relname`

const COLUMNS = `
  select format('%s %s%s%s', attname, format_type(atttypid, atttypmod), case when attnotnull then ' not null' else '' end,
                ' default ' || pg_get_expr(adbin, adrelid)) as line
  from pg_attribute
  left join pg_attrdef on adrelid = attrelid and adnum = attnum
  where attrelid = $1::oid and attnum > 0 and not attisdropped
  order by attnum`

// Newer servers list what is not null here too; it is on the columns.
const CONSTRAINTS = `
  select format('constraint %s %s', conname, pg_get_constraintdef(oid)) as line
  from pg_constraint
  where conrelid = $1::oid and contype <> 'n'
  order by array_position('{p,u,f,c}'::text[], contype::text), conname`

const INDEXES = `
  select pg_get_indexdef(indexrelid) as line
  from pg_index
  join pg_class on pg_class.oid = indexrelid
  where indrelid = $1::oid and not exists (select from pg_constraint where conindid = indexrelid)
  order by relname`

const VIEWS = `
  select format(E'create view %s as\\n%s', relname, pg_get_viewdef(oid)) as line
  from pg_class
  where relnamespace = current_schema()::regnamespace and relkind = 'v'
  order by relname`

const FUNCTIONS = `
  select rtrim(pg_get_functiondef(oid), E'\\n') || ';' as line
  from pg_proc
  where pronamespace = current_schema()::regnamespace
  order by proname`

/** The schema of a database as SQL for people to read: what the catalogue says is there, in an order that does not vary. */
export async function describeSchema(db: Database): Promise<string> {
  const linesOf = async (text: string, params: readonly unknown[] = []) =>
    (await rowsOf<Line>(db, text, params)).map(({ line }) => line)

  const parts: string[] = []
  for (const table of await rowsOf<Relation>(db, RELATIONS)) {
    if (table.partition_of !== null) {
      // Its columns and indexes are its parent's.
      parts.push(`create table ${table.name} partition of ${table.partition_of} ${table.bounds};`)
      continue
    }
    const inside = [...(await linesOf(COLUMNS, [table.oid])), ...(await linesOf(CONSTRAINTS, [table.oid]))]
    const partitioned = table.partition_key === null ? '' : ` partition by ${table.partition_key}`
    const options = table.options === null ? '' : ` with (${table.options})`
    const indexes = await linesOf(INDEXES, [table.oid])
    parts.push(
      [
        `create table ${table.name} (\n  ${inside.join(',\n  ')}\n)${partitioned}${options};`,
        ...indexes.map((each) => `${each};`),
      ].join('\n'),
    )
  }
  parts.push(...(await linesOf(VIEWS)), ...(await linesOf(FUNCTIONS)))
  return `${parts.join('\n\n').replaceAll('public.', '')}\n`
}
