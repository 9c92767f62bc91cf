import { sqlBeside, statement } from '@taskflow/database'

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
  text: sqlBeside(import.meta.url),
})
