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
  const sentences: string[] = []
  return { sentences, reports: processReports((sentence) => sentences.push(sentence)) }
}

/** The line that a process of the run logs for an event. */
function logged<Name extends keyof TaskFlowEvents>(name: Name, ...detail: TaskFlowEvents[Name]): LogLine {
  const lines: LogLine[] = []
  const write = (fields: object, msg: string) => void lines.push({ ...fields, msg })
  const events = new EventEmitter<TaskFlowEvents>()
  logEvents(events, { debug: write, info: write, warn: write, error: write }, systemClock)
  ;(events as EventEmitter).emit(name, ...detail)
  return lines[0] as LogLine
}

test('counts a refused result, and reports its lease', () => {
  const { reports } = given()
  reports.onLog('worker-1 (7)', logged('lease.lost', { taskId: TASK, leaseId: LEASE, attempt: 1 }))
  expect(reports.counts.refusedAsStale).toBe(1)
  expect(reports.witnesses).toMatchObject([{ kind: 'refused', taskId: TASK, leaseId: LEASE }])
})

test('reports lost workers, and leaders with their terms', () => {
  const { reports } = given()
  reports.onLog('coordinator-1 (8)', logged('leader.elected', { term: 3 }))
  reports.onLog('coordinator-1 (8)', logged('worker.lost', { id: WORKER }))
  expect(reports.counts.workersLost).toBe(1)
  expect(reports.witnesses).toMatchObject([
    { kind: 'elected', holder: 'coordinator-1 (8)', term: 3 },
    { kind: 'lost', workerId: WORKER },
  ])
})

test('ignores other lines', () => {
  const { reports } = given()
  reports.onLog('worker-1 (7)', { msg: 'The worker had been marked lost and continues under a new id', id: 'worker' })
  reports.onLog('worker-1 (7)', {})
  expect(reports.witnesses).toEqual([])
})

test('counts a worker that a task of its own killed, and logs it', () => {
  const { reports, sentences } = given()
  reports.onDeath('worker-1', { code: null, signal: 'SIGKILL' })
  expect(reports.counts.deaths).toBe(1)
  expect(reports.violations).toEqual([])
  expect(sentences).toEqual(['worker-1 ended with SIGKILL without a request to stop; it is restarted'])
})

test('a process that ends without a request is a violation', () => {
  const { reports } = given()
  reports.onDeath('api-1', { code: null, signal: 'SIGKILL' })
  reports.onDeath('worker-1', { code: 1, signal: null })
  expect(reports.counts.deaths).toBe(0)
  expect(reports.violations.map(({ sentence }) => sentence)).toEqual([
    'api-1 ended with SIGKILL without a request to stop',
    'worker-1 ended with 1 without a request to stop',
  ])
})
