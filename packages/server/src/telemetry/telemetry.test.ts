import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/core'
import { expect, test } from 'vitest'
import { createLog } from './log.ts'
import { metricsOf } from './metrics.ts'

function setup() {
  const events = new EventEmitter<TaskFlowEvents>()
  return { events, metrics: metricsOf(events) }
}

test('counts what events tell', async () => {
  const { events, metrics } = setup()
  events.emit('tasks.submitted', { type: 'a', queue: 'q', count: 3 })
  events.emit('tasks.claimed', { queue: 'q', count: 2, waitedMs: [5, 700] })
  events.emit('task.settled', { type: 'a', queue: 'q', verb: 'complete', durationMs: 40 })
  events.emit('batch.left', { lane: 'submit', size: 3 })
  events.emit('round.succeeded', { service: 'promoter', durationMs: 1 })
  events.emit('round.failed', { service: 'rescuer', error: new Error('away') })
  metrics.observeRequest({ route: '/v1/tasks', method: 'GET', status: 200, seconds: 0.004 })
  const text = await metrics.render()
  for (const line of [
    'taskflow_tasks_submitted_total{type="a",queue="q"} 3',
    'taskflow_tasks_claimed_total{queue="q"} 2',
    'taskflow_task_wait_seconds_count{queue="q"} 2',
    'taskflow_tasks_settled_total{queue="q",verb="complete"} 1',
    'taskflow_task_duration_seconds_count{type="a",verb="complete"} 1',
    'taskflow_batch_size_sum{lane="submit"} 3',
    'taskflow_rounds_total{service="promoter",outcome="succeeded"} 1',
    'taskflow_rounds_total{service="rescuer",outcome="failed"} 1',
    'taskflow_http_request_duration_seconds_count{route="/v1/tasks",method="GET",status="200"} 1',
  ]) {
    expect(text).toContain(line)
  }
  metrics.close()
})

test('keeps a scrape small when callers make up types without end', async () => {
  const { events, metrics } = setup()
  for (let count = 0; count < 1_500; count++)
    events.emit('tasks.submitted', { type: `t${count}`, queue: 'q', count: 1 })
  const text = await metrics.render()
  expect(text.match(/taskflow_tasks_submitted_total\{/g)).toHaveLength(1_001)
  expect(text).toContain('taskflow_tasks_submitted_total{type="other",queue="other"} 500')
  metrics.close()
})

test('says of each metric what it counts', async () => {
  const { metrics } = setup()
  const ours = (await metrics.describe()).filter(({ name }) => name.startsWith('taskflow_'))
  expect(ours.length).toBeGreaterThan(15)
  for (const { name, help } of ours) expect(help, name).not.toBe('')
  metrics.close()
})

test('listens no more once closed', () => {
  const { events, metrics } = setup()
  metrics.close()
  expect(events.eventNames()).toEqual([])
})

test('logs JSON without secrets', () => {
  const lines: string[] = []
  const log = createLog({ logLevel: 'info' }, { write: (line) => void lines.push(line) })
  log.info(
    { settings: { databaseUrl: 'postgres://u:hunter2@h/d' }, headers: { authorization: 'Bearer tf_x' } },
    'hello',
  )
  expect(lines.join()).not.toMatch(/hunter2|tf_x/)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'hello', settings: { databaseUrl: '[secret]' } })
})
