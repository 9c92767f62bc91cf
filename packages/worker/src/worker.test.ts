import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { PROJECT } from '@taskflow/testing/factories'
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

  test('a handler of a subfolder, written in JavaScript', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('deep'))).toEqual([{ verb: 'complete', result: '"deep"' }])
  })

  test('a handler with its whole context', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const submitted = lease('returns.context', null, { attempt: 2, labels: { team: 'blue' } })
    const [verdict] = await settle(submitted)
    expect(JSON.parse((verdict as { result: string }).result)).toEqual({
      task: {
        id: submitted.taskId,
        type: 'returns.context',
        queue: 'default',
        project: PROJECT,
        labels: { team: 'blue' },
        createdAt: '2026-01-02T03:04:05.000Z',
      },
      attempt: 2,
      maxAttempts: 5,
      fencingToken: submitted.leaseId,
      isAborted: false,
    })
  })

  test('at most as many attempts at once as it has slots', async () => {
    const { worker, storage, settle } = setupWorker({ slots: 3 })
    await worker.start()
    await settle(...Array.from({ length: 12 }, () => lease('takes', 30)))
    expect(Math.max(...storage.claims.map(({ max }) => max))).toBe(3)
    expect(JSON.parse(storage.claims[0]?.maxAttempts ?? '')).toMatchObject({ checked: 3 })
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

  test('an outcome whose text is cut within a character after replacing the half character', async () => {
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

  test('by the retry policy of the task, or else of its definition', async () => {
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

  test('input that does not match the schema as not worth a retry, and names the mistakes', async () => {
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

  test('input that matches the schema by passing its parsed value to the handler', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('checked', { customer: 'ACME' }))).toEqual([{ verb: 'complete', result: '"ACME: 2"' }])
  })

  test.each([
    ['circular', 'nested deeper than 64 levels, or contains itself'],
    ['deep', 'nested deeper than 64 levels, or contains itself'],
    ['bigint', 'it is a BigInt, which JSON does not hold'],
    ['function', 'it is a function, which JSON leaves out'],
    ['map', '`.totals` is a Map, which JSON writes as {}'],
    ['nan', '`.rates[1]` is NaN, which JSON writes as null'],
    ['response', 'it is a Response, which JSON writes as {}'],
    ['revoked', 'cannot be stored as JSON: reading it throws TypeError'],
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

  test('unusual results that can be stored as successes', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('returns', 'nothing'), lease('returns', 'backslash'))).toEqual([
      { verb: 'complete', result: 'null' },
      { verb: 'complete', result: '"\\\\u0000"' },
    ])
  })
})

describe('worker › loads', () => {
  test('the types of its folder and registers what their definitions state', async () => {
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
    ['rejects', 'Task module late.ts cannot be loaded: Error: late config'],
    ['rejects-hostile', 'Task module late.ts cannot be loaded: '],
  ])('no folder that is %s, and reports why', async (folder, message) => {
    const { worker, storage } = setupWorker({ tasks: join(FIXTURES, folder) })
    await expect(worker.start()).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringContaining(message),
    })
    expect(storage.registered).toEqual([])
  })

  test('no runner that stays behind when it cannot listen for wake-ups', async () => {
    const { worker, wakeups } = setupWorker()
    const listen = vi.spyOn(wakeups, 'on').mockRejectedValueOnce(new Error('no connection to listen on'))
    const terminate = vi.spyOn(Worker.prototype, 'terminate')
    onTestFinished(() => terminate.mockRestore())
    await expect(worker.start()).rejects.toThrow('no connection to listen on')
    expect(terminate).toHaveBeenCalledOnce()
    await worker.start()
    expect(listen).toHaveBeenCalledTimes(2)
  })

  test('once a definition that two modules export', async () => {
    const { worker, storage } = setupWorker({ tasks: join(FIXTURES, 'reexported') })
    await worker.start()
    expect(storage.registered[0]?.worker.types).toEqual(['one'])
  })
})
