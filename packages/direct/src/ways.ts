import type { Database, FollowedClock, Queryable } from '@taskflow/database'
import { requireSchema } from '@taskflow/database'
import { allMigrations } from '@taskflow/rooms/migrations'
import type { Dispatch, TaskStore } from '@taskflow/tasks'
import type { TaskTypes } from '@taskflow/tasks/admission'
import { findSubmitted, readTaskTypes, type WithinStore } from '@taskflow/tasks/store'
import { type CallerTransaction, requireTransaction, workWithin } from './caller-transaction.ts'
import type { TransactionPublisher } from './transaction-publisher.ts'

/** A connection to the database, with the operations that a submission needs. */
export interface Way extends Pick<TaskStore, 'submitTasks' | 'findSubmitted'> {
  readonly types: Pick<TaskTypes, 'find'>
  /** Resolves if the database has the schema of this version. Throws SCHEMA_OUTDATED or SCHEMA_UNKNOWN otherwise. */
  ready(): Promise<void>
}

interface Deps {
  readonly db: Database
  readonly storage: TaskStore & WithinStore
  readonly types: TaskTypes
  readonly schema: string | undefined
  readonly transactions: TransactionPublisher | undefined
  readonly clock: Pick<FollowedClock, 'start' | 'startWithin'>
}

export interface Ways {
  /** Uses the client's own connections. */
  readonly own: Way
  /**
   * Runs the work on the caller's connection, including all reads of the submission, so that the caller's connection
   * and the client's own connections never wait for each other.
   */
  within<Result>(tx: CallerTransaction, work: (way: Way) => Promise<Result>): Promise<Result>
}

export function ways({ db, storage, types, schema, transactions, clock }: Deps): Ways {
  let isReady = false

  async function makeReady(on: Queryable): Promise<void> {
    if (!isReady) await requireSchema(on, allMigrations())
    isReady = true
  }

  function wayOn(tx: CallerTransaction, caller: Queryable): Way {
    const listTaskTypes = (project: string) => readTaskTypes(caller, project)
    const notifyQueued = transactions && ((dispatches: readonly Dispatch[]) => transactions.keep(tx, dispatches))
    return {
      types: { find: (project, type) => types.find(project, type, { listTaskTypes }) },
      async ready() {
        await makeReady(caller)
        await requireTransaction(tx)
        await clock.startWithin(caller)
      },
      submitTasks: (submission) => storage.submitWithin(caller, submission, notifyQueued),
      findSubmitted: (requests) => findSubmitted(caller, requests),
    }
  }

  return {
    own: {
      types,
      async ready() {
        await makeReady(db)
        await clock.start()
      },
      submitTasks: storage.submitTasks,
      findSubmitted: storage.findSubmitted,
    },
    within: (tx, work) => workWithin(tx, schema, (caller) => work(wayOn(tx, caller))),
  }
}
