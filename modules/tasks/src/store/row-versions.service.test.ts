import { claimBy, engines, eventually, newTask, submissionOf, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { settle, startWorker, VERDICTS } from '@taskflow/testing/task-in-state'
import { describe, expect, test } from 'vitest'

const TASKS = 1_000

interface Counts {
  readonly table: string
  readonly inserted: number
  readonly updated: number
  readonly deleted: number
}

const WRITES = `
  select regexp_replace(relname, '_(default|\\d{8})$', '') as table,
         sum(n_tup_ins)::bigint as inserted, sum(n_tup_upd)::bigint as updated, sum(n_tup_del)::bigint as deleted
  from pg_stat_user_tables
  where relname ~ '^(task|finished_task|task_attempt|task_event|task_log)(_default|_\\d{8})?$'
  group by 1
  having sum(n_tup_ins + n_tup_upd + n_tup_del) > 0
  order by 1`

/** The queues of a worker: few, or so many that another statement claims from them. */
const QUEUES = {
  'few queues': ['default'],
  'many queues': ['default', ...Array.from({ length: 20 }, (_, number) => `idle-${number}`)],
}

// The server counts the rows that each table wrote; PGlite has no process that would gather the counts.
for (const engine of engines().filter(({ kind }) => kind === 'postgres')) {
  describe.each(Object.entries(QUEUES))(`${engine.name}, %s`, (_, queues) => {
    const given = useStorage(engine)

    test('law 2: a task that succeeds at once writes three row versions and moves once', async () => {
      const { storage, db } = given
      await storage.submitTasks(submissionOf(...Array.from({ length: TASKS }, () => newTask())))
      const worker = await startWorker(storage, { queues })
      const leases = await storage.claimTasks(claimBy(worker, { max: TASKS }))
      await Promise.all(leases.map((lease) => settle(storage, lease, VERDICTS.complete)))

      const counts = await eventually(
        async () => {
          const rows = await rowsOf<Counts>(db, WRITES)
          // Each session brings its counts some time after its commit.
          return rows.some(({ table, deleted }) => table === 'task' && deleted >= TASKS) ? rows : undefined
        },
        { timeoutMs: 30_000, what: 'the counts of the last session' },
      )
      expect(counts).toEqual([
        { table: 'finished_task', inserted: TASKS, updated: 0, deleted: 0 },
        { table: 'task', inserted: TASKS, updated: TASKS, deleted: TASKS },
      ])
    })
  })
}
