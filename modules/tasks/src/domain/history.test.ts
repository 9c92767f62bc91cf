import { PROJECT } from '@taskflow/testing/factories'
import { describe, expect, test } from 'vitest'
import { historyOf, type RecordedEvent, readPlace, type TaskEvent } from './history.ts'
import type { Attempt, LeaseId, Task, TaskFailure, TaskId, WorkerId } from './task.ts'

const at = (seconds: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds))
const workerId = '019b76da-a800-7000-8000-000000000001' as WorkerId

const failure: TaskFailure = { name: 'Error', message: 'It broke', reason: 'exhausted' }

const taskIn = (given: Partial<Task> = {}): Task => ({
  id: '019b76da-a800-7000-8000-000000000000' as TaskId,
  project: PROJECT,
  type: 'report.build',
  queue: 'reports',
  state: 'queued',
  priority: 'high',
  payload: 'null',
  result: null,
  error: null,
  attempt: 0,
  maxAttempts: 5,
  crashCount: 0,
  retry: null,
  timeouts: null,
  retentionMs: null,
  labels: {},
  title: null,
  description: null,
  options: null,
  runAt: null,
  createdAt: at(0),
  createdBy: 'key:ci',
  queuedAt: at(0),
  startedAt: null,
  finishedAt: null,
  cancelRequestedAt: null,
  workerId: null,
  progress: null,
  version: '1',
  ...given,
})

const attemptOf = (given: Partial<Attempt> & Pick<Attempt, 'startedAt' | 'endedAt' | 'outcome'>): Attempt => ({
  id: '019b76da-a800-7000-8000-000000000002' as LeaseId,
  attempt: 1,
  workerId,
  error: null,
  ...given,
})

const eventsOf = (task: Task, attempts: readonly Attempt[], recorded: readonly TaskEvent[]): TaskEvent[] =>
  historyOf({ task, attempts, recorded: recorded.map(placed) }).map(({ cursor: _, ...event }) => event)

const placed = (event: TaskEvent, index: number): RecordedEvent => ({
  ...event,
  id: `019b76da-a800-7000-8000-${String(index).padStart(12, '0')}`,
  atUs: event.at.getTime() * 1_000,
})

const kindsOf = (events: readonly TaskEvent[]): string[] => events.map(({ kind }) => kind)

test('begins with the creation of the task, its creator and its options', () => {
  expect(eventsOf(taskIn(), [], [])).toEqual([
    {
      kind: 'task.created',
      at: at(0),
      actor: 'key:ci',
      detail: { type: 'report.build', queue: 'reports', priority: 'high' },
    },
  ])
})

test('the history of an ordinary task is derived from its row: created, started, succeeded', () => {
  const task = taskIn({ state: 'succeeded', attempt: 1, startedAt: at(1), finishedAt: at(2), workerId })
  const attempt = attemptOf({ startedAt: at(1), endedAt: at(2), outcome: 'succeeded' })
  const events = eventsOf(task, [attempt], [])
  expect(kindsOf(events)).toEqual(['task.created', 'task.started', 'task.succeeded'])
  expect(events[1]).toEqual({ kind: 'task.started', at: at(1), actor: null, detail: { attempt: 1, workerId } })
  expect(events[2]).toEqual({ kind: 'task.succeeded', at: at(2), actor: null, detail: { attempt: 1 } })
})

test('a running task has started and not ended', () => {
  const task = taskIn({ state: 'running', attempt: 1, startedAt: at(1), workerId })
  const attempt = attemptOf({ startedAt: at(1), endedAt: null, outcome: 'running' })
  expect(kindsOf(eventsOf(task, [attempt], []))).toEqual(['task.created', 'task.started'])
})

test('the end of a failed task contains the error, once', () => {
  const task = taskIn({ state: 'failed', attempt: 1, startedAt: at(1), finishedAt: at(2), workerId, error: failure })
  const attempt = attemptOf({ startedAt: at(1), endedAt: at(2), outcome: 'failed', error: failure })
  const events = eventsOf(task, [attempt], [])
  expect(kindsOf(events)).toEqual(['task.created', 'task.started', 'task.failed'])
  expect(events.at(-1)?.detail).toEqual({ attempt: 1, error: failure })
})

test('a success after a failed attempt does not contain the error of that attempt', () => {
  const task = taskIn({ state: 'succeeded', attempt: 2, finishedAt: at(9), error: failure })
  expect(eventsOf(task, [], []).at(-1)?.detail).toEqual({ attempt: 2 })
})

describe('an attempt that did not end the task', () => {
  const kinds = {
    failed: 'task.retried',
    timedOut: 'task.timedOut',
    snoozed: 'task.snoozed',
    released: 'task.released',
    rescued: 'task.rescued',
  } as const

  const passing: TaskFailure = { ...failure, reason: 'retryable' }

  for (const [outcome, kind] of Object.entries(kinds) as [keyof typeof kinds, string][]) {
    test(`with the outcome ${outcome} is the event ${kind}`, () => {
      const attempt = attemptOf({ startedAt: at(1), endedAt: at(2), outcome, error: passing })
      const events = eventsOf(taskIn({ state: 'retrying', attempt: 1 }), [attempt], [])
      expect(kindsOf(events)).toEqual(['task.created', 'task.started', kind])
      expect(events.at(-1)).toMatchObject({ at: at(2), actor: null, detail: { attempt: 1, workerId, error: passing } })
    })
  }
})

test.each([
  ['failed', 'exhausted'],
  ['failed', 'notRetryable'],
  ['rescued', 'quarantined'],
] as const)(
  'an attempt with the outcome %s and the reason %s, which ended the task, is the event task.failed after a redrive',
  (outcome, reason) => {
    const error: TaskFailure = { ...failure, reason }
    const attempt = attemptOf({ startedAt: at(1), endedAt: at(2), outcome, error })
    const redriven: TaskEvent = { kind: 'task.redriven', at: at(3), actor: 'key:ops', detail: {} }
    const events = eventsOf(taskIn({ attempt: 0 }), [attempt], [redriven])
    expect(kindsOf(events)).toEqual(['task.created', 'task.started', 'task.failed', 'task.redriven'])
  },
)

const LONG_LIFE = {
  task: taskIn({ state: 'succeeded', attempt: 1, startedAt: at(7), finishedAt: at(8), workerId }),
  attempts: [
    attemptOf({ startedAt: at(1), endedAt: at(3), outcome: 'succeeded' }),
    attemptOf({
      id: '019b76da-a800-7000-8000-000000000003' as LeaseId,
      startedAt: at(7),
      endedAt: at(8),
      outcome: 'succeeded',
    }),
  ],
  recorded: [
    { kind: 'task.progressed', at: at(2), actor: null, detail: { percent: 40 } },
    { kind: 'task.redriven', at: at(5), actor: 'key:ops', detail: {} },
    { kind: 'task.edited', at: at(6), actor: 'key:ops', detail: {} },
  ].map((event, index) => placed(event as TaskEvent, index)),
}

const KINDS_OF_LONG_LIFE = [
  'task.created',
  'task.started',
  'task.progressed',
  'task.succeeded',
  'task.redriven',
  'task.edited',
  'task.started',
  'task.succeeded',
]

test('merges the recorded events, oldest first', () => {
  expect(kindsOf(historyOf(LONG_LIFE))).toEqual(KINDS_OF_LONG_LIFE)
})

test('goes on behind the place of any event', () => {
  const events = historyOf(LONG_LIFE)
  for (const [index, { cursor }] of events.slice(0, -1).entries()) {
    const place = readPlace(cursor)!
    const rest = historyOf(
      {
        task: LONG_LIFE.task,
        attempts: LONG_LIFE.attempts.slice(
          Math.max(
            0,
            LONG_LIFE.attempts.findIndex(({ id }) => id === place.attempt?.id),
          ),
        ),
        recorded: LONG_LIFE.recorded.filter(({ atUs }) => atUs > (place.recorded?.atUs ?? 0)),
      },
      place,
    )
    expect(rest).toEqual(events.slice(index + 1))
  }
})

test('keeps the order of the attempts and ends with the end, though the clock was set back in between', () => {
  const { task, attempts, recorded } = LONG_LIFE
  const [first, second] = attempts as [Attempt, Attempt]
  const setBack = { ...second, startedAt: at(0), endedAt: at(1) }
  const history = historyOf({ task: { ...task, finishedAt: at(1) }, attempts: [first, setBack], recorded })
  expect(kindsOf(history)).toEqual([
    'task.created',
    'task.started',
    'task.progressed',
    'task.succeeded',
    'task.started',
    'task.redriven',
    'task.edited',
    'task.succeeded',
  ])
})

test.each([
  '',
  '/x',
  '7',
  'x/',
  '019b76da-a800-7000-8000-000000000001',
  '/1.019b76da',
  '/-1.019b76da-a800-7000-8000-000000000001',
])('reads no place from %j', (text) => {
  expect(readPlace(text)).toBeUndefined()
})

test('a task that was cancelled while it waited has no attempts', () => {
  const recorded: TaskEvent[] = [
    { kind: 'task.cancelRequested', at: at(3), actor: 'key:ops', detail: { reason: null } },
  ]
  const task = taskIn({
    state: 'cancelled',
    finishedAt: at(3),
    cancelRequestedAt: at(3),
    error: { ...failure, reason: 'cancelled' },
  })
  expect(kindsOf(eventsOf(task, [], recorded))).toEqual(['task.created', 'task.cancelRequested', 'task.cancelled'])
})
