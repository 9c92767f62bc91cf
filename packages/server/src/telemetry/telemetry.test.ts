import { EventEmitter } from 'node:events'
import { systemClock, TaskFlowError, type TaskFlowEvents } from '@taskflow/kernel'
import type { TaskId } from '@taskflow/tasks'
import { describe, expect, test } from 'vitest'
import { createLog } from './log.ts'
import { logEvents } from './log-events.ts'
import { metricsOf } from './metrics.ts'

function setup() {
  const events = new EventEmitter<TaskFlowEvents>()
  return { events, metrics: metricsOf(events) }
}

test('counts the events', async () => {
  const { events, metrics } = setup()
  events.emit('tasks.submitted', { type: 'a', queue: 'q', count: 3 })
  events.emit('tasks.claimed', { queue: 'q', waitedMs: [0.5, 700] })
  events.emit('tasks.settled', { type: 'a', queue: 'q', verb: 'complete', durationsMs: [40] })
  events.emit('batch.left', { lane: 'submit', size: 3 })
  events.emit('round.succeeded', { service: 'promoter', durationMs: 1 })
  events.emit('round.failed', { service: 'rescuer', error: new Error('unavailable') })
  const request = { route: '/v1/tasks', method: 'GET', status: 200 }
  metrics.observeRequest({ ...request, isHeld: false, seconds: 0.004 })
  metrics.observeRequest({ ...request, isHeld: true, seconds: 30 })
  const text = await metrics.render()
  for (const line of [
    'taskflow_tasks_submitted_total{type="a",queue="q"} 3',
    'taskflow_tasks_claimed_total{queue="q"} 2',
    'taskflow_task_wait_seconds_count{queue="q"} 2',
    // The buckets distinguish half a millisecond from five.
    'taskflow_task_wait_seconds_bucket{le="0.0005",queue="q"} 1',
    'taskflow_tasks_settled_total{queue="q",verb="complete"} 1',
    'taskflow_task_duration_seconds_count{type="a",verb="complete"} 1',
    'taskflow_batch_size_sum{lane="submit"} 3',
    'taskflow_rounds_total{service="promoter",outcome="succeeded"} 1',
    'taskflow_rounds_total{service="rescuer",outcome="failed"} 1',
    'taskflow_http_request_duration_seconds_count{route="/v1/tasks",method="GET",status="200",held="false"} 1',
    'taskflow_http_request_duration_seconds_count{route="/v1/tasks",method="GET",status="200",held="true"} 1',
  ]) {
    expect(text).toContain(line)
  }
  metrics.close()
})

test('shows whether the process leads, its term and the reasons of changes', async () => {
  const { events, metrics } = setup()
  expect(await metrics.render()).toContain('taskflow_leader 0')
  events.emit('leader.elected', { term: 7 })
  const elected = await metrics.render()
  events.emit('leader.lost', { term: 7, reason: 'expired' })
  const lost = await metrics.render()
  for (const line of ['taskflow_leader 1', 'taskflow_leader_term 7']) expect(elected).toContain(line)
  for (const line of [
    'taskflow_leader 0',
    'taskflow_leader_changes_total{reason="elected"} 1',
    'taskflow_leader_changes_total{reason="expired"} 1',
  ])
    expect(lost).toContain(line)
  metrics.close()
})

test('shows from the start whether the broker and the databases answer', async () => {
  const events = new EventEmitter<TaskFlowEvents>()
  const metrics = metricsOf(events, { broker: 'redis', databases: ['primary', 'replica'] })
  const UP = ['taskflow_broker_up{broker="redis"}', 'taskflow_database_up{database="replica"}']
  const atFirst = await metrics.render()
  events.emit('broker.lost', { broker: 'redis', error: new Error('reset') })
  events.emit('database.lost', { database: 'replica' })
  const duringOutage = await metrics.render()
  events.emit('broker.returned', { broker: 'redis' })
  events.emit('database.returned', { database: 'replica' })
  const back = await metrics.render()
  for (const name of UP) {
    expect(atFirst).toContain(`${name} 1`)
    expect(duringOutage).toContain(`${name} 0`)
    expect(back).toContain(`${name} 1`)
  }
  expect(back).toContain('taskflow_broker_losses_total 1')
  expect(back).toContain('taskflow_database_up{database="primary"} 1')
  metrics.close()
})

test('counts published, dropped and reconciled dispatches', async () => {
  const { events, metrics } = setup()
  const error = new Error('unavailable')
  events.emit('dispatches.published', { count: 5 })
  events.emit('dispatches.dropped', { count: 4, error })
  events.emit('dispatches.reconciled', { count: 3 })
  events.emit('acknowledgement.lost', { broker: 'redis', error })
  events.emit('fetch.stalled', { sinceMs: 30_000 })
  const text = await metrics.render()
  for (const line of [
    'taskflow_dispatches_published_total 5',
    'taskflow_dispatches_dropped_total 4',
    'taskflow_dispatches_reconciled_total 3',
    'taskflow_acknowledgements_lost_total 1',
    'taskflow_fetch_stalls_total 1',
  ])
    expect(text).toContain(line)
  metrics.close()
})

test('bounds the number of label values when callers use very many types', async () => {
  const { events, metrics } = setup()
  for (let count = 0; count < 1_500; count++)
    events.emit('tasks.submitted', { type: `t${count}`, queue: 'q', count: 1 })
  const text = await metrics.render()
  expect(text.match(/taskflow_tasks_submitted_total\{/g)).toHaveLength(1_001)
  expect(text).toContain('taskflow_tasks_submitted_total{type="other",queue="other"} 500')
  metrics.close()
})

test('describes each metric', async () => {
  const { metrics } = setup()
  const ours = (await metrics.describe()).filter(({ name }) => name.startsWith('taskflow_'))
  expect(ours.length).toBeGreaterThan(15)
  for (const { name, help } of ours) expect(help, name).not.toBe('')
  metrics.close()
})

test('removes its listeners when it is closed', () => {
  const { events, metrics } = setup()
  metrics.close()
  expect(events.eventNames()).toEqual([])
})

describe('the log', () => {
  function setupLog() {
    const lines: { level: number; msg: string }[] = []
    const events = new EventEmitter<TaskFlowEvents>()
    const log = createLog({ logLevel: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) })
    logEvents(events, log, systemClock)
    return { events, lines }
  }

  test('shows the loss and return of a broker, without the errors in between', () => {
    const { events, lines } = setupLog()
    const error = new TaskFlowError('BROKER_UNAVAILABLE', 'connection refused')
    events.emit('broker.lost', { broker: 'redis', error })
    for (let count = 0; count < 100; count++) {
      events.emit('dispatches.dropped', { count: 1, error })
      events.emit('acknowledgement.lost', { broker: 'redis', error })
      events.emit('round.failed', { service: 'reconciler', error })
    }
    events.emit('broker.returned', { broker: 'redis' })
    expect(lines).toMatchObject([
      {
        level: 40,
        broker: 'redis',
        reason: 'connection refused',
        msg: 'The broker does not answer: workers claim tasks from PostgreSQL until the broker answers again',
      },
      { level: 30, broker: 'redis', msg: 'The broker answers again: workers take dispatches from it' },
    ])
  })

  test('shows dropped dispatches while the broker answers, but not each time', () => {
    const { events, lines } = setupLog()
    const full = new TaskFlowError('BROKER_UNAVAILABLE', '50000 wait for it already')
    for (let count = 0; count < 100; count++) events.emit('dispatches.dropped', { count: 2, error: full })
    events.emit('dispatches.dropped', { count: 3, error: new TypeError('a mistake') })
    expect(lines).toMatchObject([
      { level: 40, reason: '50000 wait for it already' },
      { level: 40, err: { type: 'TypeError', message: 'a mistake' } },
    ])
  })

  test('shows an error after the end of an attempt, with its task, once for each error', () => {
    const { events, lines } = setupLog()
    const error = { name: 'TypeError', message: 'late' }
    for (const taskId of ['a', 'a', 'b'] as TaskId[]) events.emit('handler.failedLate', { taskId, type: 't', error })
    expect(lines).toMatchObject([
      { level: 40, taskId: 'a', type: 't', err: error },
      { level: 40, taskId: 'b', type: 't', err: error },
    ])
  })

  test('stops at a thousand different lines in half a minute', () => {
    const { events, lines } = setupLog()
    const error = { name: 'TypeError', message: 'late' }
    for (let count = 0; count < 1_200; count++)
      events.emit('handler.failedLate', { taskId: `${count}` as TaskId, type: 't', error })
    expect(lines).toHaveLength(1_000)
  })

  test('shows a type whose snoozes are slowed, but not each time', () => {
    const { events, lines } = setupLog()
    for (let count = 0; count < 100; count++) events.emit('task.snoozeSlowed', { type: 'poll.mail' })
    events.emit('task.snoozeSlowed', { type: 'poll.news' })
    expect(lines).toMatchObject([
      { level: 40, type: 'poll.mail' },
      { level: 40, type: 'poll.news' },
    ])
  })

  test('shows leadership, with a warning when it is lost but not when the leader resigns', () => {
    const { events, lines } = setupLog()
    events.emit('leader.elected', { term: 3 })
    events.emit('leader.lost', { term: 3, reason: 'expired' })
    events.emit('leader.lost', { term: 4, reason: 'resigned' })
    expect(lines).toMatchObject([
      { level: 30, term: 3 },
      { level: 40, term: 3, reason: 'expired' },
      { level: 30, term: 4, reason: 'resigned' },
    ])
  })
})
