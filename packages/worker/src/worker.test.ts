import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { TaskId } from '@taskflow/tasks'
import { eventually, nextEvents } from '@taskflow/testing/wait'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { FIXTURES, setupWorker } from '../test/setup-worker.ts'

describe('worker › runs', () => {
  test('a handler and completes its task with the result', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('succeeds', { a: [1, null, 'ü'] }))
    expect(verdict).toEqual({ verb: 'complete', result: '{"echo":{"a":[1,null,"ü"]}}' })
  })

  test('a handler in a folder below, written in JavaScript', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('deep'))).toEqual([{ verb: 'complete', result: '"deep"' }])
  })

  test('a handler with all it should know', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const given = lease('tells.context', null, { attempt: 2, labels: { team: 'blue' } })
    const [verdict] = await settle(given)
    expect(JSON.parse((verdict as { result: string }).result)).toEqual({
      task: {
        id: given.taskId,
        type: 'tells.context',
        queue: 'default',
        project: 'default',
        labels: { team: 'blue' },
        createdAt: '2026-01-02T03:04:05.000Z',
      },
      attempt: 2,
      maxAttempts: 5,
      fencingToken: given.leaseId,
      isAborted: false,
    })
  })

  test('no more attempts at once than it has slots', async () => {
    const { worker, storage, settle } = setupWorker({ slots: 3 })
    await worker.start()
    await settle(...Array.from({ length: 12 }, () => lease('takes', 30)))
    expect(Math.max(...storage.claims.map(({ max }) => max))).toBe(3)
    expect(Math.max(...storage.pulses.map(({ running }) => running))).toBeLessThanOrEqual(3)
  })
})

describe('worker › judges', () => {
  test('a plain error as worth a retry', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('fails'))
    expect(verdict).toMatchObject({
      verb: 'retry',
      delayMs: 500,
      error: { name: 'RangeError', message: 'out of range\uFFFD', stack: expect.stringContaining('plain.ts') },
    })
  })

  test('text cut in the middle of a character by mending it: the database could not read it back', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [failed, returned] = await settle(lease('fails.in.half'), lease('returns', 'half'))
    expect(failed).toMatchObject({ verb: 'retry', error: { message: 'half \uFFFD' } })
    expect(returned).toEqual({ verb: 'complete', result: '"half \uFFFD"' })
  })

  test('the last attempt as exhausted', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('fails', null, { attempt: 5 }))
    expect(verdict).toMatchObject({ verb: 'fail', error: { reason: 'exhausted' } })
  })

  test('by the retry policy of the definition, and before it by that of the task', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const own = { baseMs: 33, factor: 1, maxMs: 1_000, jitter: 'none' } as const
    const verdicts = await settle(lease('fails.with.policy'), lease('fails.with.policy', null, { retry: own }))
    expect(verdicts).toMatchObject([{ delayMs: 70 }, { delayMs: 33 }])
  })

  test('a PermanentError as not worth a retry', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('permanent'))
    expect(verdict).toMatchObject({ verb: 'fail', error: { reason: 'notRetryable', message: 'no such customer' } })
  })

  test('ctx.snooze and RetryAfter as a snooze', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('snoozes'), lease('retries.after'))).toEqual([
      { verb: 'snooze', delayMs: 5_000 },
      { verb: 'snooze', delayMs: 7_000 },
    ])
  })

  test('input that does not fit the schema as not worth a retry, naming what is wrong', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('checked', { customer: 7 }))
    expect(verdict).toMatchObject({
      verb: 'fail',
      error: {
        name: 'InvalidInput',
        reason: 'notRetryable',
        message: expect.stringContaining('customer: Expected a string; Not an order'),
      },
    })
  })

  test('hands the handler what the schema makes of the input', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('checked', { customer: 'ACME' }))).toEqual([{ verb: 'complete', result: '"ACME: 2"' }])
  })

  test.each([
    ['circular', 'cannot be written as JSON: Converting circular structure'],
    ['bigint', 'cannot be written as JSON: Do not know how to serialize a BigInt'],
    ['function', 'cannot be written as JSON: it is a function'],
    ['nul', 'holds a NUL character'],
    ['large', 'larger than 1048576 bytes'],
  ])('a result that cannot be stored (%s) as not worth a retry', async (which, message) => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('returns', which))
    expect(verdict).toMatchObject({
      verb: 'fail',
      error: { name: 'InvalidResult', reason: 'notRetryable', message: expect.stringContaining(message) },
    })
  })

  test('results that only look odd as fine', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('returns', 'nothing'), lease('returns', 'backslash'))).toEqual([
      { verb: 'complete', result: 'null' },
      { verb: 'complete', result: '"\\\\u0000"' },
    ])
  })
})

describe('worker › loads', () => {
  test('the types of its folder and says what it knows of them', async () => {
    const { worker, storage } = setupWorker()
    await worker.start()
    const [registration] = storage.registered
    expect(registration?.worker).toMatchObject({ id: worker.id, name: 'test', queues: ['default'], slots: 10 })
    expect(registration?.worker.types).toContain('deep')
    const checked = registration?.types.find(({ type }) => type === 'checked')
    expect(checked).toMatchObject({ queue: 'reports', maxAttempts: 3, retry: null, timeouts: null })
    expect(JSON.parse(checked?.inputSchema ?? '')).toMatchObject({ properties: { customer: { type: 'string' } } })
    expect(registration?.types.find(({ type }) => type === 'fails.with.policy')?.retry?.baseMs).toBe(70)
  })

  test.each([
    ['broken', 'Task module torn.ts cannot be loaded: RangeError: torn apart'],
    ['twice', 'Task type `same` is defined twice, in first.ts and in second.ts: rename one'],
    ['missing', 'does not exist: create it, or name another'],
    ['exits', 'ended their runner: it exited with code 9'],
  ])('no folder that is %s, and says why', async (folder, message) => {
    const { worker, storage } = setupWorker({ tasks: join(FIXTURES, folder) })
    await expect(worker.start()).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringContaining(message),
    })
    expect(storage.registered).toEqual([])
  })

  test('nothing for good when it cannot listen: no runner stays behind', async () => {
    const { worker, wakeups } = setupWorker()
    const listen = vi.spyOn(wakeups, 'on').mockRejectedValueOnce(new Error('no connection to listen on'))
    const terminate = vi.spyOn(Worker.prototype, 'terminate')
    onTestFinished(() => terminate.mockRestore())
    await expect(worker.start()).rejects.toThrow('no connection to listen on')
    expect(terminate).toHaveBeenCalledOnce()
    await worker.start()
    expect(listen).toHaveBeenCalledTimes(2)
  })

  test('a definition once that two modules export', async () => {
    const { worker, storage } = setupWorker({ tasks: join(FIXTURES, 'reexported') })
    await worker.start()
    expect(storage.registered[0]?.worker.types).toEqual(['one'])
  })
})

describe('worker › writes down', () => {
  test.each(['talks', 'talks.process'])('what %s logs and its last progress, before it settles', async (type) => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    const given = lease(type)
    await settle(given)
    expect(storage.lines.map(({ taskId, attempt, level }) => [taskId, attempt, level])).toEqual([
      [given.taskId, 1, 'info'],
      [given.taskId, 1, 'debug'],
      [given.taskId, 1, 'error'],
    ])
    const [first, second] = storage.lines
    expect(first?.message).toBe('began\uFFFD')
    expect(JSON.parse(first?.fields ?? '')).toMatchObject({ rows: 12, cause: { message: 'why' } })
    expect(Buffer.byteLength(second?.message ?? '')).toBe(8_192)
    expect(storage.progress.length).toBeLessThan(5)
    expect(storage.progress.at(-1)).toMatchObject({ leaseId: given.leaseId, percent: 100, message: '100 %' })
  })

  test('no more than 10,000 lines of one attempt, and says so', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    await settle(lease('babbles'))
    expect(storage.lines.length).toBe(10_001)
    expect(storage.lines.at(-2)?.message).toBe('line 10000')
    expect(storage.lines.at(-1)?.message).toBe('Later lines are dropped: 10000 are kept')
  })
})

describe('worker › lives on', () => {
  test('heartbeats go on while a handler blocks its loop, and tell how late that loop is', async () => {
    const { worker, events, settle } = setupWorker()
    await worker.start()
    const beats = nextEvents(events, 'worker.heartbeat', { count: 14 })
    expect(await settle(lease('blocks', 900))).toEqual([{ verb: 'complete', result: '"unblocked"' }])
    expect(Math.max(...(await beats).map(({ loopLagMs }) => loopLagMs))).toBeGreaterThan(100)
  })

  test('a worker with nothing to do says one thing a beat, and looks seldom for leases that it does not hold', async () => {
    const { worker, storage } = setupWorker({ heartbeatMs: 2 })
    const lists = vi.spyOn(storage, 'listHeldLeases')
    const others = [vi.spyOn(storage, 'settleTasks'), vi.spyOn(storage, 'appendLogs'), vi.spyOn(storage, 'claimTasks')]
    await worker.start()
    await eventually(() => storage.pulses.length >= 90)
    expect(lists.mock.calls.length).toBe(Math.floor(storage.pulses.length / 30))
    for (const other of others) expect(other).not.toHaveBeenCalled()
  })

  test('a worker that was declared dead drops its attempts and goes on under a new id', async () => {
    const { worker, storage, events, submit, settle, hasLogged } = setupWorker()
    await worker.start()
    const old = worker.id
    const [lost] = submit(lease('obeys'))
    await hasLogged('waiting')
    const replaced = nextEvents(events, 'worker.replaced')
    const leaseLost = nextEvents(events, 'lease.lost')
    if (old) storage.dead.add(old)
    expect(await replaced).toEqual([{ id: old, by: worker.id }])
    expect(await leaseLost).toEqual([{ taskId: lost.taskId, leaseId: lost.leaseId, attempt: 1 }])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
    expect(storage.verdictOf(lost.taskId)).toBeUndefined()
    expect(storage.claims.at(-1)?.workerId).toBe(worker.id)
  })

  test('an outage of the database is waited for, and nothing is lost', async () => {
    const { worker, storage, events, submit } = setupWorker()
    await worker.start()
    const [given] = submit(lease('takes', 100))
    await eventually(() => storage.queued.length === 0)
    storage.beUnavailable()
    await nextEvents(events, 'round.failed', { count: 4 })
    storage.beAvailable()
    expect(await eventually(() => storage.verdictOf(given.taskId))).toMatchObject({ verb: 'complete' })
  })

  test('tasks whose claim was never answered are handed back', async () => {
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
      message: 'Handed back a task that was claimed without an answer',
    })
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })

  test('an outcome that storage keeps refusing fails its task instead of leaving it running', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    storage.refuseSettlement = ({ verdict }) => (verdict.verb === 'complete' ? new Error('value too odd') : undefined)
    const [verdict] = await settle(lease('succeeds'))
    expect(verdict).toMatchObject({ verb: 'fail', error: { name: 'OutcomeRefused' } })
  })

  test('an outcome that storage refuses does not fail those that ended with it', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    const odd = lease('succeeds')
    storage.refuseSettlement = ({ taskId, verdict }) =>
      taskId === odd.taskId && verdict.verb === 'complete' ? new Error('value too odd') : undefined
    const verdicts = await settle(lease('succeeds'), odd, lease('succeeds'))
    expect(verdicts.map(({ verb }) => verb)).toEqual(['complete', 'fail', 'complete'])
  })

  test('a stale settlement is told as a lost lease', async () => {
    const { worker, storage, events, submit } = setupWorker()
    await worker.start()
    storage.settlementResult = 'stale'
    const lost = nextEvents(events, 'lease.lost')
    const [given] = submit(lease('succeeds'))
    expect(await lost).toEqual([{ taskId: given.taskId, leaseId: given.leaseId, attempt: 1 }])
  })

  test('heartbeats bring what was settled, by queue', async () => {
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

describe('worker › cancels', () => {
  test.each(['obeys', 'obeys.thread'])('an attempt that %s its signal', async (type) => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [given] = submit(lease(type))
    await hasLogged('waiting')
    storage.cancelled.push(given.taskId)
    expect(await eventually(() => storage.verdictOf(given.taskId))).toMatchObject({
      verb: 'cancel',
      error: { name: 'Cancelled', reason: 'cancelled' },
    })
  })

  test.each(['told by', 'it may have missed'])('at once when %s a wake-up', async (how) => {
    const { worker, storage, submit, hasLogged, wake } = setupWorker({ heartbeatMs: 60_000 })
    await worker.start()
    const [given] = submit(lease('obeys'))
    await hasLogged('waiting')
    storage.cancelled.push(given.taskId)
    wake('asked', how === 'told by' ? (worker.id ?? '') : '')
    expect(await eventually(() => storage.verdictOf(given.taskId))).toMatchObject({ verb: 'cancel' })
  })

  test('nothing of a handler that succeeds in spite of it', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [given] = submit(lease('finishes.anyway'))
    await hasLogged('waiting')
    storage.cancelled.push(given.taskId)
    const verdict = await eventually(() => storage.verdictOf(given.taskId))
    expect(verdict).toEqual({ verb: 'complete', result: '"Cancelled"' })
  })

  test('by force what ignores its signal in a runner of its own', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [given] = submit(lease('ignores.thread'))
    await hasLogged('waiting')
    storage.cancelled.push(given.taskId)
    expect(await eventually(() => storage.verdictOf(given.taskId))).toMatchObject({ verb: 'cancel' })
  })

  test('by force what ignores its signal and gives no heartbeat', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [given] = submit(lease('ignores.silently'))
    await hasLogged('waiting')
    storage.cancelled.push(given.taskId)
    expect(await eventually(() => storage.verdictOf(given.taskId))).toMatchObject({ verb: 'cancel' })
  })

  test('nothing that it does not hold', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    storage.cancelled.push('00000000-0000-7000-8000-ffffffffffff' as TaskId)
    expect(await settle(lease('takes', 120))).toMatchObject([{ verb: 'complete' }])
  })
})

describe('worker › stops', () => {
  test('after the running attempts when they end in time', async () => {
    const { worker, storage, submit } = setupWorker({ drainMs: 2_000 })
    await worker.start()
    const id = worker.id
    const [given] = submit(lease('takes', 200))
    await eventually(() => storage.queued.length === 0)
    await worker.stop()
    expect(storage.verdictOf(given.taskId)).toMatchObject({ verb: 'complete' })
    expect(storage.deregistered).toEqual([id])
    expect(storage.pulses.at(-1)?.state).toBe('draining')
  })

  test.each(['obeys', 'ignores', 'ignores.thread'])('handing back what does not end (%s)', async (type) => {
    const { worker, storage, events, submit, hasLogged } = setupWorker()
    await worker.start()
    const stopped = nextEvents(events, 'worker.stopped')
    const [given] = submit(lease(type))
    await hasLogged('waiting')
    await worker.stop()
    expect(storage.verdictOf(given.taskId)).toEqual({ verb: 'release' })
    expect(await stopped).toMatchObject([{ released: 1 }])
  })

  test('even while its shared loop is blocked', async () => {
    const { worker, storage, submit } = setupWorker()
    await worker.start()
    const [given] = submit(lease('blocks', 60_000))
    await eventually(() => storage.queued.length === 0)
    await worker.stop()
    expect(storage.verdictOf(given.taskId)).toEqual({ verb: 'release' })
  })

  test('while the database is away, and leaves the rest to the rescuer', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker({ drainMs: 10, killGraceMs: 10 })
    await worker.start()
    submit(lease('obeys'))
    await hasLogged('waiting')
    storage.beUnavailable()
    await worker.stop()
    expect(storage.settlements).toEqual([])
  }, 10_000)

  test('though its shared runner died and cannot come back', async () => {
    const tasks = await mkdtemp(join(tmpdir(), 'taskflow-'))
    onTestFinished(() => rm(tasks, { recursive: true, force: true }))
    const definition = "{ [Symbol.for('taskflow.definition')]: true, type: 'exits', run: () => process.exit(7) }"
    await writeFile(join(tasks, 'exits.mjs'), `export const exits = ${definition}`)
    const { worker, storage, broker, events, settle, submit } = setupWorker({ tasks })
    await worker.start()
    await rm(tasks, { recursive: true })
    const failed = nextEvents(events, 'round.failed')
    expect(await settle(lease('exits'))).toMatchObject([{ verb: 'rescue' }])
    await failed
    submit(lease('exits'))
    await eventually(() => broker.released === 1)
    await worker.stop()
    expect(storage.deregistered).toHaveLength(1)
  })

  test('before it started, twice, and starts again', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.stop()
    await worker.start()
    await worker.start()
    expect(storage.registered.length).toBe(1)
    await Promise.all([worker.stop(), worker.stop()])
    expect(worker.id).toBeUndefined()
    await worker.start()
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })
})
