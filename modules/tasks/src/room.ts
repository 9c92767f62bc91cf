import type { Room } from '@taskflow/room'
import { type TaskDutyDeps, taskDuties } from './duties/index.ts'
import { TASKS_ERRORS } from './errors.ts'
import './events.ts'
import { TASKS_INVARIANTS } from './invariants/index.ts'
import { tasksLogLines } from './log-lines.ts'
import { tasksMetrics } from './metrics.ts'
import { TASKS_PERMISSIONS } from './permissions.ts'
import type { TaskRouteDeps } from './routes/index.ts'
import { TASKS_SETTINGS } from './settings.ts'
import { clearTaskRows } from './statements/clear-task-rows.ts'
import { openTaskStores, type TaskStores, type TaskStoresDeps } from './store/stores.ts'

/** Stores, dispatches and serves tasks. Every other room depends on this one. */
export const tasksRoom = {
  name: 'tasks',
  errors: TASKS_ERRORS,
  permissions: TASKS_PERMISSIONS,
  settings: TASKS_SETTINGS,
  metrics: tasksMetrics,
  logLines: tasksLogLines,
  stores: openTaskStores,
  sweeps: [clearTaskRows],
  routes: async () => (await import('./routes/index.ts')).taskRoutes,
  duties: taskDuties,
  invariants: TASKS_INVARIANTS,
  promises: {
    P1: 'A submission answered 2xx is durable in PostgreSQL before the reply',
    P2: 'A task runs at least once or visibly waits, also when every broker loses all of its data',
    P3: 'At most one result is accepted for each attempt and for each task',
    P5: 'The same idempotency key gives the same task, also under concurrent submission',
    P7: 'Cancelling a waiting task is final; a running one is notified by its AbortSignal',
  },
} as const satisfies Room<TaskStoresDeps, TaskStores, TaskRouteDeps, TaskDutyDeps>
