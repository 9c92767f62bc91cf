import type { Database, Sweep } from '@taskflow/database'
import type { Events } from '@taskflow/kernel'
import type { Dispatch } from '../dispatch/broker.ts'
import type { AttemptStore } from '../ports/attempt-store.ts'
import type { TaskDutyStore } from '../ports/duty-store.ts'
import type { TaskStore } from '../ports/task-store.ts'
import type { TaskTypeStore } from '../ports/task-type-store.ts'
import { attemptStore } from './attempt-store.ts'
import { taskDutyStore } from './duty-store.ts'
import { queuedTeller } from './notify-queued.ts'
import { taskSettler } from './settle.ts'
import { taskStore } from './task-store.ts'
import { taskTypeStore } from './task-type-store.ts'

export interface TaskStoresDeps {
  readonly db: Database
  /** A replica of `db`, for lists that may be a moment old. */
  readonly readDb: Database
  readonly events: Events
  /** How long finished tasks are kept that name no retention of their own. */
  readonly retentionMs: number
  /** Statements that clear rows past their time, of all rooms. */
  readonly sweeps: readonly Sweep[]
  /** Called after the commit with tasks that have just become queued. Must not wait. */
  readonly onQueued?: ((dispatches: readonly Dispatch[]) => void) | undefined
}

export type TaskStores = TaskStore & AttemptStore & TaskTypeStore & TaskDutyStore

/** Everything this room stores. */
export function openTaskStores({ db, readDb, events, retentionMs, sweeps, onQueued }: TaskStoresDeps): TaskStores {
  const tellQueued = onQueued && queuedTeller(onQueued, events)
  const settleTasks = taskSettler({ db, events, retentionMs, tellQueued })
  return {
    ...taskStore({ db, readDb, events, retentionMs, tellQueued }),
    ...attemptStore({ db, settleTasks }),
    ...taskTypeStore(db),
    ...taskDutyStore({ db, retentionMs, sweeps, tellQueued }),
  }
}
