import { eventually, nextEvents } from '@taskflow/testing/wait'
import { describe, expect, test, vi } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { setupWorker } from '../test/setup-worker.ts'

describe('worker › stores', () => {
  test.each(['logs', 'logs.process'])(
    'the log and the last progress of a task of type %s before it settles the task',
    async (type) => {
      const { worker, storage, settle } = setupWorker()
      await worker.start()
      const submitted = lease(type)
      await settle(submitted)
      expect(storage.lines.map(({ taskId, attempt, level }) => [taskId, attempt, level])).toEqual([
        [submitted.taskId, 1, 'info'],
        [submitted.taskId, 1, 'debug'],
        [submitted.taskId, 1, 'error'],
      ])
      const [first, second] = storage.lines
      expect(first?.message).toBe('began\uFFFD')
      expect(JSON.parse(first?.fields ?? '')).toMatchObject({ rows: 12, cause: { message: 'why' } })
      expect(Buffer.byteLength(second?.message ?? '')).toBe(8_192)
      expect(storage.progress.length).toBeLessThan(5)
      expect(storage.progress.at(-1)).toMatchObject({ leaseId: submitted.leaseId, percent: 100, message: '100 %' })
    },
  )

  test('at most 10,000 lines of one attempt, and a line that reports the limit', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    await settle(lease('logs.endlessly'))
    expect(storage.lines.length).toBe(10_001)
    expect(storage.lines.at(-2)?.message).toBe('line 10000')
    expect(storage.lines.at(-1)?.message).toBe('Later lines are dropped: 10,000 lines or 8 MiB are kept')
  })
})

describe('worker › keeps running', () => {
  test('sends heartbeats while a handler blocks its loop, with the lag of that loop', async () => {
    const { worker, events, settle } = setupWorker()
    await worker.start()
    const beats = nextEvents(events, 'worker.heartbeat', { count: 14 })
    expect(await settle(lease('blocks', 900))).toEqual([{ verb: 'complete', result: '"unblocked"' }])
    expect(Math.max(...(await beats).map(({ loopLagMs }) => loopLagMs))).toBeGreaterThan(100)
  })

  test('sends nothing but heartbeats while it is idle, and seldom checks for leaked leases', async () => {
    const { worker, storage } = setupWorker({ heartbeatMs: 2 })
    const lists = vi.spyOn(storage, 'listHeldLeases')
    const others = [vi.spyOn(storage, 'settleTasks'), vi.spyOn(storage, 'appendLogs'), vi.spyOn(storage, 'claimTasks')]
    await worker.start()
    await eventually(() => storage.pulses.length >= 90)
    expect(lists.mock.calls.length).toBe(Math.floor(storage.pulses.length / 30))
    for (const other of others) expect(other).not.toHaveBeenCalled()
  })

  test('drops its attempts when it was marked lost, and continues under a new id', async () => {
    const { worker, storage, events, submit, settle, hasLogged } = setupWorker()
    await worker.start()
    const old = worker.id
    const [lost] = submit(lease('obeys'))
    await hasLogged('waiting')
    const replaced = nextEvents(events, 'worker.replaced')
    const leaseLost = nextEvents(events, 'lease.lost')
    if (old) storage.lost.add(old)
    expect(await replaced).toEqual([{ id: old, by: worker.id }])
    expect(await leaseLost).toEqual([{ taskId: lost.taskId, leaseId: lost.leaseId, attempt: 1 }])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
    expect(storage.verdictOf(lost.taskId)).toBeUndefined()
    expect(storage.claims.at(-1)?.workerId).toBe(worker.id)
  })

  test('waits for the end of an outage of the database, and loses nothing', async () => {
    const { worker, storage, events, submit } = setupWorker()
    await worker.start()
    const [submitted] = submit(lease('takes', 100))
    await eventually(() => storage.queued.length === 0)
    storage.beUnavailable()
    await nextEvents(events, 'round.failed', { count: 4 })
    storage.beAvailable()
    expect(await eventually(() => storage.verdictOf(submitted.taskId))).toMatchObject({ verb: 'complete' })
  })

  test('releases tasks whose claim got no answer', async () => {
    const { worker, storage, logged, submit, settle } = setupWorker()
    await worker.start()
    storage.losesClaims = true
    const lost = submit(lease('succeeds'), lease('fails'))
    await eventually(() => storage.held.size === 2)
    storage.losesClaims = false
    for (const { taskId } of lost) {
      expect(await eventually(() => storage.verdictOf(taskId))).toEqual({ verb: 'release' })
    }
    expect(logged).toContainEqual({
      detail: { taskId: lost[0].taskId },
      message: 'Released a task whose claim got no answer',
    })
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })

  test('fails a task whose outcome storage keeps refusing', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    storage.refuseSettlement = ({ verdict }) => (verdict.verb === 'complete' ? new Error('invalid value') : undefined)
    const [verdict] = await settle(lease('succeeds'))
    expect(verdict).toMatchObject({ verb: 'fail', error: { name: 'OutcomeRefused' } })
  })

  test('fails no task that ended together with one whose outcome storage refuses', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    const odd = lease('succeeds')
    storage.refuseSettlement = ({ taskId, verdict }) =>
      taskId === odd.taskId && verdict.verb === 'complete' ? new Error('invalid value') : undefined
    const verdicts = await settle(lease('succeeds'), odd, lease('succeeds'))
    expect(verdicts.map(({ verb }) => verb)).toEqual(['complete', 'fail', 'complete'])
  })

  test('reports a stale settlement as a lost lease', async () => {
    const { worker, storage, events, submit } = setupWorker()
    await worker.start()
    storage.settlementResult = 'stale'
    const lost = nextEvents(events, 'lease.lost')
    const [submitted] = submit(lease('succeeds'))
    expect(await lost).toEqual([{ taskId: submitted.taskId, leaseId: submitted.leaseId, attempt: 1 }])
  })

  test('sends the counts of settled tasks by queue with its heartbeats', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    await settle(lease('succeeds'), lease('permanent'), lease('succeeds', null, { queue: 'other' }), lease('fails'))
    await eventually(() => storage.pulses.flatMap(({ settled }) => settled).length >= 2)
    const settled = storage.pulses.flatMap((pulse) => pulse.settled)
    const sum = (queue: string, what: 'succeeded' | 'failed') =>
      settled.filter((tally) => tally.queue === queue).reduce((total, tally) => total + tally[what], 0)
    expect([sum('default', 'succeeded'), sum('default', 'failed'), sum('other', 'succeeded')]).toEqual([1, 1, 1])
  })
})
