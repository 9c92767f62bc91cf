import type { Database, Queryable, Sweep } from '@taskflow/database'
import type { Events } from '@taskflow/kernel'
import type { Dispatch } from '../dispatch/broker.ts'
import type { Admitter } from '../ports/admission.ts'
import type { AttemptStore } from '../ports/attempt-store.ts'
import type { TaskDutyStore } from '../ports/duty-store.ts'
import type { EndConsumer, NoticeStore } from '../ports/end.ts'
import type { GateStore } from '../ports/gate.ts'
import type { Submission, Submitted, TaskStore } from '../ports/task-store.ts'
import type { TaskTypeStore } from '../ports/task-type-store.ts'
import { attemptStore } from './attempt-store.ts'
import { taskDutyStore } from './duty-store.ts'
import { gateStore } from './gate-store.ts'
import { noticeStore } from './notice-store.ts'
import { type NotifyQueued, queuedNotifier } from './notify-queued.ts'
import { taskSettler } from './settle.ts'
import { submitWithin } from './submit.ts'
import { taskStore } from './task-store.ts'
import { taskTypeStore } from './task-type-store.ts'

export interface TaskStoresDeps {
  readonly db: Database
  /** A replica of `db`, for lists that may be a moment old. */
  readonly readDb: Database
  readonly events: Events
  /** How long finished tasks without a retention of their own are kept. */
  readonly retentionMs: number
  /** Statements of all rooms that clear rows past their time. */
  readonly sweeps: readonly Sweep[]
  /** The admitters of all rooms. */
  readonly admitters: readonly Admitter[]
  /** The end consumers of all rooms. */
  readonly endConsumers: readonly EndConsumer[]
  /** Called after the commit with tasks that have just become queued. Must not wait. */
  readonly onQueued?: ((dispatches: readonly Dispatch[]) => void) | undefined
}

/** Submission on a connection of the caller's. */
export interface WithinStore {
  /** submitTasks by statements of its own on `db`, which may be in a transaction of the caller's. */
  submitWithin(db: Queryable, submission: Submission, notifyQueued?: NotifyQueued): Promise<Submitted>
}

export type TaskStores = TaskStore &
  WithinStore &
  AttemptStore &
  TaskTypeStore &
  TaskDutyStore &
  GateStore &
  NoticeStore

/** Everything this room stores. */
export function openTaskStores(deps: TaskStoresDeps): TaskStores {
  const { db, readDb, events, retentionMs, sweeps, admitters, endConsumers, onQueued } = deps
  const notifyQueued = onQueued && queuedNotifier(onQueued, events)
  const consumers = endConsumers.map(({ consumer }) => consumer)
  const settleTasks = taskSettler({ db, events, retentionMs, consumers, notifyQueued })
  return {
    ...taskStore({ db, readDb, events, retentionMs, consumers, admitters, notifyQueued }),
    submitWithin: (caller, submission, notify) =>
      submitWithin({ db: caller, admitters, notifyQueued: notify }, submission),
    ...attemptStore({ db, settleTasks }),
    ...taskTypeStore(db),
    ...taskDutyStore({ db, retentionMs, sweeps, consumers, notifyQueued }),
    ...gateStore({ db, notifyQueued }),
    ...noticeStore(db),
  }
}
