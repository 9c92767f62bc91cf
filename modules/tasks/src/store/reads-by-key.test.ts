import {
  claimBy,
  emptyDatabase,
  engines,
  newTask,
  newTaskId,
  PROJECT,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { BELIEFS, type Planned, rowsRead } from '@taskflow/testing/rows-read'
import { startWorker } from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TaskId } from '../domain/task.ts'
import { TRANSITIONS } from '../domain/task-state.ts'
import { cancelTask } from '../statements/cancel-task.ts'
import { expireTasks } from '../statements/expire-tasks.ts'
import { finishTasks } from '../statements/finish-tasks.ts'
import { promoteTasks } from '../statements/promote-tasks.ts'
import { readTasks } from '../statements/read-tasks.ts'
import { readmitTasks } from '../statements/readmit-tasks.ts'
import { recordProgress } from '../statements/record-progress.ts'
import { requeueTasks } from '../statements/requeue-tasks.ts'
import { setTasksAside } from '../statements/set-tasks-aside.ts'

/**
 * Statistics of the table of unfinished tasks are always wrong, and the worst are those of a backlog that has drained:
 * empty, and large. With such statistics the planner expects a scan of the whole primary key to cost nothing.
 */

/** The number of stored tasks: large enough that a scan of all of them stands out. */
const TASKS = 5_000
const BATCH = 100

/** Clears the rows and statistics that earlier tests left, since the planner would use them. */
const UNKNOWN = `truncate task; delete from pg_statistic where starelid = 'task'::regclass`

interface Held {
  readonly taskId: TaskId
  readonly leaseId: string
}

interface Case {
  readonly statement: Planned
  readonly rows: number
  /** Changes the queued tasks before the statement runs, as SQL. */
  readonly given?: string
  /** The parameters as SQL literals, for a batch that a worker holds. */
  args(held: readonly Held[]): string[]
}

const array = (items: readonly unknown[]): string => `'{${items.join(',')}}'`
const states = (from: readonly string[]): string => array(from)
const keys = (held: readonly Held[]): string[] => [
  array(held.map(({ taskId }) => taskId)),
  array(held.map(({ leaseId }) => leaseId)),
]
const each = (held: readonly Held[], value: unknown): string => array(held.map(() => value))

const CONSUMERS = `'{graph}'`

const CASES: Readonly<Record<string, Case>> = {
  finish_tasks: {
    statement: finishTasks,
    rows: BATCH,
    args: (held) => [...keys(held), `'{}'`, each(held, '1'), `'{}'`, `'{}'`, '1000', CONSUMERS],
  },
  requeue_tasks: {
    statement: requeueTasks,
    rows: BATCH,
    args: (held) => [
      ...keys(held),
      each(held, 'queued'),
      each(held, 'released'),
      each(held, 0),
      each(held, 0),
      each(held, 'null'),
      each(held, 'null'),
      `'{0,0,0,0}'`,
      '10',
      '10000',
      '1000',
    ],
  },
  record_progress: {
    statement: recordProgress,
    rows: BATCH,
    args: (held) => [...keys(held), array(held.map(() => newTaskId())), each(held, '1')],
  },
  promote_tasks: {
    statement: promoteTasks,
    rows: BATCH,
    given: `update task set state = 'scheduled', queued_at = null, run_at = created_at where state = 'queued'`,
    args: () => [states(TRANSITIONS.promote.from), String(BATCH)],
  },
  expire_tasks: {
    statement: expireTasks,
    rows: BATCH,
    given: `update task set start_by = created_at where state = 'queued'`,
    args: () => [states(TRANSITIONS.expire.from), String(BATCH), `'{}'`, `'{}'`, '1000', CONSUMERS],
  },
  set_tasks_aside: {
    statement: setTasksAside,
    rows: BATCH,
    given: `insert into gate values ('${PROJECT}', 'shut', now()) on conflict do nothing`,
    args: () => [`'${PROJECT}'`, `'shut'`, `'default'`, 'null', String(BATCH)],
  },
  readmit_tasks: {
    statement: readmitTasks,
    rows: BATCH,
    given: `update task set waiting_gate = 'open', rank = rank + interval '8766000 hours' where state = 'queued'`,
    args: () => [`'${PROJECT}'`, `'open'`, String(BATCH)],
  },
  read_tasks: {
    statement: readTasks,
    rows: BATCH,
    args: (held) => [array(held.map(({ taskId }) => taskId)), 'true', 'true', '1000000'],
  },
  cancel_task: {
    statement: cancelTask,
    rows: 1,
    args: ([held]) => [
      `'${held!.taskId}'`,
      `'${PROJECT}'`,
      states(TRANSITIONS.cancel.from),
      `'key:test'`,
      'null',
      `'{}'`,
      '1000',
      CONSUMERS,
    ],
  },
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))

    for (const [name, { statement, rows, given: brought, args }] of Object.entries(CASES)) {
      test.each(Object.keys(BELIEFS) as (keyof typeof BELIEFS)[])(
        `${name} reads no more than its batch, though the planner believes %s`,
        async (belief) => {
          await script(given.db, UNKNOWN)
          await given.storage.submitTasks(submissionOf(...Array.from({ length: TASKS }, () => newTask())))
          const held = await given.storage.claimTasks(claimBy(await startWorker(given.storage), { max: BATCH }))
          if (brought) await script(given.db, brought)
          await script(given.db, BELIEFS[belief])
          expect(await rowsRead(given.db, statement, args(held), 'task')).toBe(rows)
        },
      )
    }
  })
}
