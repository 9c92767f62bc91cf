import { expect, test } from 'vitest'
import { processReports } from './process-reports.ts'

function given() {
  const said: string[] = []
  return { said, reports: processReports((sentence) => said.push(sentence)) }
}

test('a result that was refused is counted, and told with its lease', () => {
  const { reports } = given()
  const msg = 'A result was refused: its lease was lost'
  reports.onLog('worker-1 (7)', { msg, taskId: 'task', leaseId: 'lease', attempt: 1 })
  expect(reports.counts.refusedAsStale).toBe(1)
  expect(reports.witnesses).toMatchObject([{ kind: 'refused', taskId: 'task', leaseId: 'lease' }])
})

test('who was declared dead, and who leads in which term, is told', () => {
  const { reports } = given()
  reports.onLog('coordinator-1 (8)', { msg: 'This process leads now and does the duties of all', term: 3 })
  const msg = 'A worker stopped giving signs of life and was declared dead'
  reports.onLog('coordinator-1 (8)', { msg, id: 'worker' })
  expect(reports.counts.workersBuried).toBe(1)
  expect(reports.witnesses).toMatchObject([
    { kind: 'elected', holder: 'coordinator-1 (8)', term: 3 },
    { kind: 'buried', workerId: 'worker' },
  ])
})

test('other lines say nothing that is checked', () => {
  const { reports } = given()
  reports.onLog('worker-1 (7)', { msg: 'The worker was declared dead and carries on under a new id', id: 'worker' })
  reports.onLog('worker-1 (7)', {})
  expect(reports.witnesses).toEqual([])
})

test('a death that nobody asked for is counted, and said', () => {
  const { reports, said } = given()
  reports.onDeath('worker-1', { code: null, signal: 'SIGKILL' })
  expect(reports.counts.deaths).toBe(1)
  expect(said).toEqual(['worker-1 ended with SIGKILL, of which nobody had told it; another takes its place'])
})
