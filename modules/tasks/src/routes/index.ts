import type { RoomRoutes } from '@taskflow/http'
import type { Clock, Ids, Wakeups } from '@taskflow/kernel'
import { TaskTypes } from '../admission/task-types.ts'
import type { TaskStore } from '../ports/task-store.ts'
import type { TaskTypeStore } from '../ports/task-type-store.ts'
import { cancelTaskRoute } from './cancel-task.ts'
import { editTaskRoute } from './edit-task.ts'
import { FinishWatch } from './finish-watch.ts'
import { getTaskRoute } from './get-task.ts'
import { AttemptView, listAttemptsRoute } from './list-attempts.ts'
import { listEventsRoute, TaskEventView } from './list-events.ts'
import { LogLineView, listLogsRoute } from './list-logs.ts'
import { listTasksRoute } from './list-tasks.ts'
import { redriveTaskRoute } from './redrive-task.ts'
import { submitTaskRoute } from './submit-task.ts'
import { submitTasksRoute } from './submit-tasks.ts'
import { TaskView } from './task-view.ts'

export interface TaskRouteDeps {
  readonly storage: TaskStore & TaskTypeStore
  readonly wakeups: Wakeups
  readonly clock: Clock
  readonly ids: Ids
  readonly log: { warn(details: object, message: string): void }
  readonly settings: { readonly maxPayloadBytes: number }
}

/** Serves tasks: submission, reads, edits, and the history of each task. */
export const taskRoutes: RoomRoutes<TaskRouteDeps> = {
  schemas: [TaskView, AttemptView, TaskEventView, LogLineView],

  async register(app, { storage, wakeups, clock, ids, log, settings: { maxPayloadBytes } }) {
    const types = new TaskTypes({ storage, clock, log })
    const watch = new FinishWatch({ storage, wakeups, clock })
    app.addHook('preClose', () => watch.close())

    await app.register(submitTaskRoute, { storage, types, ids, maxPayloadBytes })
    await app.register(submitTasksRoute, { storage, types, ids, maxPayloadBytes })
    await app.register(getTaskRoute, { storage, watch })
    await app.register(listTasksRoute, { storage })
    await app.register(editTaskRoute, { storage, types, maxPayloadBytes })
    await app.register(cancelTaskRoute, { storage })
    await app.register(redriveTaskRoute, { storage, types, maxPayloadBytes })
    await app.register(listAttemptsRoute, { storage })
    await app.register(listEventsRoute, { storage })
    await app.register(listLogsRoute, { storage })
  },
}
