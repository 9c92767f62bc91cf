import { statement } from '@taskflow/database'

export const findFinishedTasks = statement<readonly [ids: readonly string[]], { id: string }>({
  name: 'find_finished_tasks',
  columns: ['id'],
  text: `select id from finished_task where id = any($1::uuid[])`,
})
