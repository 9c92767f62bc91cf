import type { Queryable, RetryPolicy, TaskTypeDefaults, Timeouts } from '@taskflow/core'
import { listTaskTypes } from './queries/list-task-types.ts'
import { parseJson, toPriority } from './task-row.ts'

/** What workers announced of the task types of a project. */
export async function readTaskTypes(db: Queryable, project: string): Promise<TaskTypeDefaults[]> {
  const rows = await db.run(listTaskTypes, [project])
  return rows.map((row) => ({
    type: row.type,
    queue: row.queue,
    priority: row.priority === null ? null : toPriority(row.priority),
    maxAttempts: row.max_attempts,
    retry: parseJson<RetryPolicy>(row.retry),
    timeouts: parseJson<Timeouts>(row.timeouts),
    inputSchema: row.input_schema,
  }))
}
