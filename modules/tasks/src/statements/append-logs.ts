import { statement } from '@taskflow/database'

type Params = readonly [
  ids: string[],
  taskIds: string[],
  projects: string[],
  attempts: number[],
  ats: Date[],
  levels: string[],
  messages: string[],
  fields: (string | null)[],
]

/**
 * A line whose id is stored already (the reply to the first try was lost) is left as it is. Nothing is read of other
 * tables: that would lock them in another order than the drop of a day does.
 */
export const appendLogs = statement<Params, never>({
  name: 'append_logs',
  columns: [],
  text: `
    insert into task_log (id, task_id, project, attempt, at, level, message, fields)
    select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::integer[], $5::timestamptz[], $6::text[], $7::text[], $8::json[])
    on conflict do nothing`,
})
