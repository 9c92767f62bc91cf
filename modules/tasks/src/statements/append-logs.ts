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
 * Skips a line whose id is stored already, because the reply to the first try was lost. Reads no other table: that would
 * lock them in another order than the drop of a day does.
 */
export const appendLogs = statement<Params, never>({
  name: 'append_logs',
  columns: [],
  text: sqlBeside(import.meta.url),
})
