import { engines, PROJECT, useStorage } from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { type Planned, rowsRead } from '@taskflow/testing/rows-read'
import { startTask } from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'
import { findLastLog } from '../statements/find-last-log.ts'
import { listAttempts } from '../statements/list-attempts.ts'
import { listEvents } from '../statements/list-events.ts'
import { listLogs } from '../statements/list-logs.ts'

/** A page of what belongs to a task costs as much as it returns, however much the task has, and wherever the page is. */

/** So many that the planner, which sees the size of a table, does not expect to sort a few. */
const ROWS = 20_000
const LIMIT = 10

const idOf = (number: number | string): string =>
  `('019b76da-a800-7000-8000-' || lpad((${number})::text, 12, '0'))::uuid`
const AT = `timestamptz '2026-01-01Z' + number * interval '1 s'`

const fill = (taskId: string): string => `
  insert into task_attempt (task_id, lease_id, project, attempt, worker_id, started_at, ended_at, outcome)
  select '${taskId}', ${idOf(`${ROWS} - number`)}, '${PROJECT}', 1, gen_random_uuid(), ${AT}, ${AT}, 'snoozed'
  from generate_series(1, ${ROWS}) as number;
  insert into task_event (task_id, id, project, at, kind, detail)
  select '${taskId}', ${idOf('number')}, '${PROJECT}', ${AT}, 'task.progressed', '{"percent":1}'
  from generate_series(1, ${ROWS}) as number;
  insert into task_log (task_id, id, project, attempt, at, level, message)
  select '${taskId}', ${idOf('number')}, '${PROJECT}', 1, ${AT}, 'info', 'line ' || number
  from generate_series(1, ${ROWS}) as number`

interface Case {
  readonly statement: Planned
  readonly table: string
  /** Parameters behind that of the task, for the first page and for one in the middle, as SQL literals. */
  readonly pages: Readonly<Record<'the first page' | 'a page in the middle', readonly string[]>>
}

const BELIEFS = { nothing: 'select 1', 'the truth': 'analyze task_attempt, task_event, task_log' } as const

const MIDDLE = ROWS / 2
const MIDDLE_US = String(Date.UTC(2026, 0, 1) * 1_000 + MIDDLE * 1_000_000)

const CASES: Readonly<Record<string, Case>> = {
  list_attempts: {
    statement: listAttempts,
    table: 'task_attempt_default',
    pages: {
      'the first page': ['null', String(LIMIT)],
      'a page in the middle': [idOf(MIDDLE), String(LIMIT)],
    },
  },
  list_events: {
    statement: listEvents,
    table: 'task_event_default',
    pages: {
      'the first page': ['null', 'null', String(LIMIT)],
      'a page in the middle': [MIDDLE_US, idOf(MIDDLE), String(LIMIT)],
    },
  },
  list_logs: {
    statement: listLogs,
    table: 'task_log_default',
    pages: { 'the first page': ['null', String(LIMIT)], 'a page in the middle': [idOf(MIDDLE), String(LIMIT)] },
  },
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine, { checksInvariants: false })
    let taskId: string
    beforeEach(async () => {
      taskId = (await startTask(given.storage)).task.id
      await script(given.db, fill(taskId))
    })

    for (const [name, { statement, table, pages }] of Object.entries(CASES)) {
      for (const [belief, sql] of Object.entries(BELIEFS)) {
        test.each(Object.entries(pages))(
          `${name} reads no more than %s, and the planner knows ${belief}`,
          async (_, args) => {
            await script(given.db, sql)
            expect(await rowsRead(given.db, statement, [`'${taskId}'`, ...args], table)).toBe(LIMIT)
          },
        )
      }
    }

    test.each(Object.entries(BELIEFS))('find_last_log reads one line, and the planner knows %s', async (_, sql) => {
      await script(given.db, sql)
      expect(await rowsRead(given.db, findLastLog, [`'{${taskId}}'`], 'task_log_default')).toBe(1)
    })
  })
}
