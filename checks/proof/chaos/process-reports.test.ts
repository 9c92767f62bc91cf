import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { systemClock, type TaskFlowEvents } from '@taskflow/kernel'
import { logEvents } from '@taskflow/server/log-events'
import type { WorkerId } from '@taskflow/tasks'
import { expect, test } from 'vitest'
import type { LogLine } from './fleet.ts'
import { processReports } from './process-reports.ts'

const [TASK, LEASE] = [randomUUID(), randomUUID()]
const WORKER = randomUUID() as WorkerId

function given() {
  const said: string[] = []
  return { said, reports: processReports((sentence) => said.push(sentence)) }
}

/** What the product logs of an event, as a process of the run writes it. */
function logged<Name extends keyof TaskFlowEvents>(name: Name, ...detail: TaskFlowEvents[Name]): LogLine {
  const lines: LogLine[] = []
  const write = (fields: object, msg: string) => void lines.push({ ...fields, msg })
  const events = new EventEmitter<TaskFlowEvents>()
  logEvents(events, { debug: write, info: write, warn: write, error: write }, systemClock)
  ;(events as EventEmitter).emit(name, ...detail)
  return lines[0] as LogLine
}

test('a result that was refused is counted, and told with its lease', () => {
  const { reports } = given()
  reports.onLog('worker-1 (7)', logged('lease.lost', { taskId: TASK, leaseId: LEASE, attempt: 1 }))
  expect(reports.counts.refusedAsStale).toBe(1)
  expect(reports.witnesses).toMatchObject([{ kind: 'refused', taskId: TASK, leaseId: LEASE }])
})

test('who was declared dead, and who leads in which term, is told', () => {
  const { reports } = given()
  reports.onLog('coordinator-1 (8)', logged('leader.elected', { term: 3 }))
  reports.onLog('coordinator-1 (8)', logged('worker.lost', { id: WORKER }))
  expect(reports.counts.workersLost).toBe(1)
  expect(reports.witnesses).toMatchObject([
    { kind: 'elected', holder: 'coordinator-1 (8)', term: 3 },
    { kind: 'lost', workerId: WORKER },
  ])
})

test('other lines say nothing that is checked', () => {
  const { reports } = given()
  reports.onLog('worker-1 (7)', { msg: 'The worker had been marked lost and continues under a new id', id: 'worker' })
  reports.onLog('worker-1 (7)', {})
  expect(reports.witnesses).toEqual([])
})

test('a worker that a task of its own killed is counted, and said', () => {
  const { reports, said } = given()
  reports.onDeath('worker-1', { code: null, signal: 'SIGKILL' })
  expect(reports.counts.deaths).toBe(1)
  expect(reports.violations).toEqual([])
  expect(said).toEqual(['worker-1 ended with SIGKILL, of which nobody had told it; another takes its place'])
})

test('a process that ends of itself is a violation', () => {
  const { reports } = given()
  reports.onDeath('api-1', { code: null, signal: 'SIGKILL' })
  reports.onDeath('worker-1', { code: 1, signal: null })
  expect(reports.counts.deaths).toBe(0)
  expect(reports.violations.map(({ sentence }) => sentence)).toEqual([
    'api-1 ended with SIGKILL of its own accord',
    'worker-1 ended with 1 of its own accord',
  ])
})
