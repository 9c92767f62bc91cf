import type { Database, Queryable } from '@taskflow/database'
import { requireSchema } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import type { Dispatch, TaskStore } from '@taskflow/tasks'
import type { TaskTypes } from '@taskflow/tasks/admission'
import { readTaskTypes, submitWithin } from '@taskflow/tasks/store'
import type { Announcer } from './announcer.ts'
import { type CallerTransaction, requireTransaction, workWithin } from './caller-transaction.ts'

/** A way to the database, and what a submission asks there. */
export interface Way extends Pick<TaskStore, 'submitTasks'> {
  readonly types: Pick<TaskTypes, 'find'>
  /** Resolves when the database has the schema that the statements are for. */
  ready(): Promise<void>
}

interface Deps {
  readonly db: Database
  readonly storage: TaskStore
  readonly types: TaskTypes
  readonly schema: string | undefined
  readonly announcer: Announcer | undefined
}

export interface Ways {
  /** By a connection of our own. */
  readonly own: Way
  /** By the caller's, with all that is asked on the way: neither connection ever waits for the other. */
  within<Result>(tx: CallerTransaction, work: (way: Way) => Promise<Result>): Promise<Result>
}

export function ways({ db, storage, types, schema, announcer }: Deps): Ways {
  let isReady = false

  async function makeReady(on: Queryable): Promise<void> {
    if (!isReady) await requireSchema(on, allMigrations())
    isReady = true
  }

  function wayOn(tx: CallerTransaction, caller: Queryable): Way {
    const listTaskTypes = (project: string) => readTaskTypes(caller, project)
    const tellQueued = announcer && ((dispatches: readonly Dispatch[]) => announcer.keep(tx, dispatches))
    return {
      types: { find: (project, type) => types.find(project, type, { listTaskTypes }) },
      async ready() {
        await makeReady(caller)
        await requireTransaction(tx)
      },
      submitTasks: (submission) => submitWithin({ db: caller, tellQueued }, submission),
    }
  }

  return {
    own: { types, ready: () => makeReady(db), submitTasks: storage.submitTasks },
    within: (tx, work) => workWithin(tx, schema, (caller) => work(wayOn(tx, caller))),
  }
}
