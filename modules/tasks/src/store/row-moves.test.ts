import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from '@taskflow/database'
import { engines, newTask, PROJECT, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { taskInState } from '@taskflow/testing/task-in-state'
import { beforeAll, describe, expect, test } from 'vitest'
import type { NewTask } from '../domain/task.ts'
import { TASK_COLUMNS } from './task-row.ts'
import { isPlain, templatesOf } from './task-templates.ts'

/**
 * The columns of a task's row are written by hand in each statement that moves one. These tests compare each move with
 * the catalogue of a migrated database, so that no move forgets a column that a migration added.
 */

type Table = 'task' | 'finished_task'

interface Move {
  readonly statement: string
  readonly into: Table
  /** Columns that the move leaves at their default, each with the reason. */
  readonly except: Readonly<Record<string, string>>
}

const ONLY_RUNNING = 'only a running task has it, and this statement ends no running task'
const STARTS_AGAIN = 'the task starts its attempts from zero'
const NOT_STARTED = 'a task that was just stored has not started'

const TO_TASK = {
  attempt: STARTS_AGAIN,
  crash_count: STARTS_AGAIN,
  error: STARTS_AGAIN,
  started_at: STARTS_AGAIN,
  worker_id: STARTS_AGAIN,
  lease_id: STARTS_AGAIN,
  cancel_requested_at: 'a cancel of the life before is over',
}

const NEW_TASK = {
  attempt: NOT_STARTED,
  crash_count: NOT_STARTED,
  error: NOT_STARTED,
  started_at: NOT_STARTED,
  worker_id: NOT_STARTED,
  lease_id: NOT_STARTED,
  cancel_requested_at: NOT_STARTED,
}

const TAKES_SUBMIT_TASKS = 'a task that has it is stored by submit_tasks'

const MOVES: readonly Move[] = [
  { statement: 'submit-tasks', into: 'task', except: NEW_TASK },
  { statement: 'submit-tasks-once', into: 'task', except: NEW_TASK },
  {
    statement: 'submit-alike-tasks',
    into: 'task',
    except: {
      ...NEW_TASK,
      options: TAKES_SUBMIT_TASKS,
      linked: TAKES_SUBMIT_TASKS,
      waiting_gate: TAKES_SUBMIT_TASKS,
    },
  },
  {
    statement: 'redrive-task',
    into: 'task',
    except: { ...TO_TASK, waiting_gate: 'a finished task waits at no gate' },
  },
  { statement: 'finish-tasks', into: 'finished_task', except: {} },
  {
    statement: 'cancel-task',
    into: 'finished_task',
    except: { worker_id: ONLY_RUNNING, lease_id: ONLY_RUNNING, result: 'a cancelled task has no result' },
  },
  {
    statement: 'expire-tasks',
    into: 'finished_task',
    except: { worker_id: ONLY_RUNNING, lease_id: ONLY_RUNNING, result: 'a failed task has no result' },
  },
]

/** Columns that only one of the two tables has, each with the reason. */
const ONLY_IN: Readonly<Record<Table, Readonly<Record<string, string>>>> = {
  task: {
    rank: 'orders what may be claimed',
    start_by: 'a deadline of an unfinished task; redrive makes a new one',
    close_by: 'a deadline of an unfinished task; redrive makes a new one',
    waiting_gate: 'a finished task waits at no gate',
  },
  finished_task: {
    finished_at: 'an unfinished task has no end',
    result: 'an unfinished task has no result',
    keep_until: 'only a finished task is past retention one day',
  },
}

/** Columns that no statement returns to callers, each with the reason. */
const UNREAD: Readonly<Record<string, string>> = {
  rank: 'dispatches and claims use it; callers see the priority',
  start_by: 'follows from the timeouts',
  close_by: 'follows from the timeouts',
  keep_until: 'follows from the retention',
  linked: 'marks a task for rooms, which read notices',
  waiting_gate: 'the room that closed the gate shows it',
}

/** Of TASK_COLUMNS, those that are no column of either table. */
const DERIVED = ['version', 'progress', 'progress_at']

const sqlOf = (statement: string): string =>
  readFileSync(join(import.meta.dirname, `../statements/${statement}.sql`), 'utf8')

/** The columns that a statement gives a table, and the expressions that it gives them. */
function insertOf({ statement, into }: Pick<Move, 'statement' | 'into'>): string[] {
  const [, list = ''] = new RegExp(`insert into ${into} \\(([^)]*)\\)`).exec(sqlOf(statement)) ?? []
  return list.split(',').map((column) => column.trim())
}

const columnsOf = async (db: Database, table: Table): Promise<string[]> =>
  (
    await rowsOf<{ name: string }>(
      db,
      `select column_name::text as name from information_schema.columns
       where table_schema = current_schema() and table_name = '${table}' order by 1`,
    )
  ).map(({ name }) => name)

// One engine is enough: the catalogue is the same on all.
const given = useStorage(engines()[0]!)
const columns: Record<Table, string[]> = { task: [], finished_task: [] }

beforeAll(async () => {
  for (const table of ['task', 'finished_task'] as const) columns[table] = await columnsOf(given.db, table)
})

test('the two tables have the same columns, but for those that are named with a reason', () => {
  const without = (table: Table) => columns[table].filter((column) => !(column in ONLY_IN[table]))
  expect(without('task')).toEqual(without('finished_task'))
  expect(Object.keys(ONLY_IN.task).filter((column) => columns.finished_task.includes(column))).toEqual([])
  expect(Object.keys(ONLY_IN.finished_task).filter((column) => columns.task.includes(column))).toEqual([])
})

describe.each(MOVES)('$statement', (move) => {
  test('gives every column a value, or names the column with the reason', () => {
    const carried = insertOf(move)
    expect([...carried, ...Object.keys(move.except)].sort()).toEqual(columns[move.into])
  })

  test('names only tables’ columns as exceptions', () => {
    expect(Object.keys(move.except).filter((column) => !columns[move.into].includes(column))).toEqual([])
  })
})

test('every statement that stores tasks is among the moves', async () => {
  const { everyStatement } = await import('@taskflow/rooms/every-statement')
  const moving = everyStatement
    .filter(({ text }) => /insert into (task|finished_task)\b/.test(text))
    .map(({ name }) => name.replaceAll('_', '-'))
  expect(moving.sort()).toEqual(MOVES.map(({ statement }) => statement).sort())
})

test('every statement that ends tasks leaves notices', () => {
  const ending = MOVES.filter(({ into }) => into === 'finished_task').map(({ statement }) => sqlOf(statement))
  for (const sql of ending) expect(sql).toMatch(/insert into task_notice \(|select leave_notices\(/)
})

test('a task is read with every column, or the column is named with the reason', () => {
  const all = [...new Set([...columns.task, ...columns.finished_task])].filter((column) => !(column in UNREAD))
  expect([...TASK_COLUMNS].filter((column) => !DERIVED.includes(column)).sort()).toEqual(all.sort())
})

// That no value is lost on the way, nor put into the column beside its own.
test('a task that uses every column comes through all moves as it was', async () => {
  const full: Partial<NewTask> = {
    priority: 'high',
    maxAttempts: 7,
    retry: { baseMs: 1, factor: 2, maxMs: 3, jitter: 'none' },
    timeouts: { scheduleToStartMs: 600_000, scheduleToCloseMs: 700_000, startToCloseMs: 800_000 },
    retentionMs: 900_000,
    labels: { customer: 'acme' },
    title: 'A title',
    description: 'What it is',
    options: { later: ['any', { JSON: 'value' }] } as NewTask['options'],
    linked: true,
    createdBy: 'key:of-the-test',
  }
  const by = { project: PROJECT, actor: 'key:test' }
  const shared = Object.keys(full).filter((field) => field !== 'linked')
  const pick = (task: object) => Object.fromEntries(shared.map((field) => [field, (task as never)[field]]))
  const isLinked = async (table: Table, id: string) =>
    (await rowsOf<{ linked: boolean }>(given.db, `select linked from ${table} where id = $1`, [id]))[0]?.linked

  for (const state of ['succeeded', 'failed', 'cancelled'] as const) {
    const { task } = await taskInState(given, state, full)
    expect(pick(await given.storage.getTask(PROJECT, task.id)), state).toEqual(pick(task))
    expect(await isLinked('finished_task', task.id)).toBe(true)
    const [listed] = await given.storage.listTasks(
      { project: PROJECT, states: [state] },
      { limit: 1 },
      { payload: false, result: false },
    )
    expect(pick(listed!), state).toEqual(pick(task))
    await given.storage.redriveTask(task.id, by, null)
    expect(pick(await given.storage.getTask(PROJECT, task.id)), `${state}, redriven`).toEqual(pick(task))
    expect(await isLinked('task', task.id)).toBe(true)
    const [unfinished] = await given.storage.listTasks(
      { project: PROJECT, states: ['queued'] },
      { limit: 1 },
      { payload: false, result: false },
    )
    expect(pick(unfinished!)).toEqual(pick(task))
  }
})

test('a task whose claim has options hands them to its worker', async () => {
  const { lease } = await taskInState(given, 'running', { options: { later: 1 } as NewTask['options'] })
  expect(lease!.options).toEqual({ later: 1 })
})

describe('tasks of one template', () => {
  const base = newTask()
  const OTHER: Readonly<Record<Exclude<keyof NewTask, 'id' | 'payload'>, unknown>> = {
    project: 'other',
    type: 'test.other',
    queue: 'other',
    priority: 'high',
    runAt: new Date(0),
    delayMs: 1,
    maxAttempts: 9,
    retry: { baseMs: 1, factor: 2, maxMs: 3, jitter: 'none' },
    timeouts: {},
    retentionMs: 1,
    labels: { a: 'b' },
    title: 'other',
    description: 'other',
    options: {},
    linked: true,
    waitingGate: 'shut',
    createdBy: 'other',
  }

  test('are alike in all but id and payload', () => {
    expect(templatesOf([base, { ...newTask(), payload: '2' }]).templates).toHaveLength(1)
  })

  test.each(Object.entries(OTHER))('differ where %s does', (field, value) => {
    expect(templatesOf([base, { ...newTask(), [field]: value }]).templates).toHaveLength(2)
  })

  test.each(['options', 'linked', 'waitingGate'] as const)('are not plain where %s is given', (field) => {
    expect(isPlain(base)).toBe(true)
    expect(isPlain({ ...base, [field]: OTHER[field] })).toBe(false)
  })
})
