import { columnsOf, type Database, type Queryable } from '@taskflow/database'
import type { RetryPolicy } from '../domain/retry-policy.ts'
import type { Timeouts } from '../domain/task.ts'
import type { TaskTypeDefaults } from '../domain/task-type.ts'
import type { TaskTypeStore } from '../ports/task-type-store.ts'
import { listTaskTypes } from '../statements/list-task-types.ts'
import { registerTaskTypes } from '../statements/register-task-types.ts'
import { jsonOrNull, parseJson, priorityNumber, toPriority } from './task-row.ts'

/** Reads the defaults of the task types of a project, as workers announced them. */
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

export function taskTypeStore(db: Database): TaskTypeStore {
  return {
    listTaskTypes: (project) => readTaskTypes(db, project),

    async registerTaskTypes(project, types) {
      await db.run(registerTaskTypes, [
        project,
        ...columnsOf(types, [
          (type) => type.type,
          (type) => type.queue,
          (type) => (type.priority === null ? null : priorityNumber(type.priority)),
          (type) => type.maxAttempts,
          (type) => jsonOrNull(type.retry),
          (type) => jsonOrNull(type.timeouts),
          (type) => type.inputSchema,
        ]),
      ])
    },
  }
}
