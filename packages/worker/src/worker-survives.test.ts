import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, nextEvents } from '@taskflow/testing/wait'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { setupWorker } from '../test/setup-worker.ts'

const PLACEMENTS = ['shared', 'thread', 'process'] as const

describe('worker › survives', () => {
  test.each(PLACEMENTS)('a handler that never returns, placed %s', async (placement) => {
    const { worker, events, settle } = setupWorker()
    await worker.start()
    const crashed = nextEvents(events, 'runner.crashed')
    const [verdict] = await settle(lease(`spins.${placement}`, null, { maxAttempts: 1 }))
    expect(verdict).toMatchObject({
      verb: 'fail',
      error: { name: 'TimedOut', reason: 'timedOut', message: expect.stringContaining('150 ms') },
    })
    expect(await crashed).toMatchObject([{ placement, attempts: 1 }])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })

  test.each(PLACEMENTS)('process.exit() in a handler, placed %s', async (placement) => {
    const { worker, events, settle } = setupWorker()
    await worker.start()
    const crashed = nextEvents(events, 'runner.crashed')
    const [verdict] = await settle(lease(`exits.${placement}`))
    expect(verdict).toMatchObject({
      verb: 'rescue',
      error: { name: 'RunnerCrashed', message: 'The runner of this attempt exited with code 7', reason: 'crashed' },
    })
    expect(await crashed).toEqual([{ placement, reason: 'exited with code 7', attempts: 1 }])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })

  test('the loss of a machine: its tasks run together with others again', async () => {
    const { worker, settle } = setupWorker({ slots: 12 })
    await worker.start()
    const verdicts = await settle(...Array.from({ length: 12 }, () => lease('returns.thread', null, { crashCount: 1 })))
    const threads = verdicts.map((verdict) => (verdict.verb === 'complete' ? verdict.result : verdict.verb))
    expect(new Set(threads).size).toBe(1)
  })

  test('a task that killed two runners with others in them, and fails that task alone after the third', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [again, ...others] = await settle(
      lease('exits.shared', null, { crashCount: 2 }),
      ...Array.from({ length: 4 }, () => lease('takes', 100, { crashCount: 2 })),
    )
    expect(again).toMatchObject({ verb: 'fail', error: { reason: 'quarantined' } })
    expect(others).toMatchObject(Array(4).fill({ verb: 'complete' }))
  })

  test('the second crash of many tasks, without a process for each of them at once', async () => {
    const { worker, settle } = setupWorker({ slots: 12 })
    await worker.start()
    const verdicts = await settle(
      ...Array.from({ length: 12 }, () => lease('returns.process', null, { crashCount: 2 })),
    )
    const threads = verdicts.map((verdict) => (verdict.verb === 'complete' ? verdict.result : verdict.verb))
    expect(threads).toEqual(Array(12).fill(expect.stringMatching(/^\d+$/)))
    expect(new Set(threads).size).toBeLessThanOrEqual(4)
  })

  test('a task that killed a whole worker, by running it in a process', async () => {
    const { worker, events, settle } = setupWorker()
    await worker.start()
    const crashed = nextEvents(events, 'runner.crashed')
    await settle(lease('exits.shared', null, { crashCount: 2 }))
    expect(await crashed).toMatchObject([{ placement: 'process', attempts: 1 }])
  })

  test('a task that keeps killing its runner, by quarantining the task', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('exits.thread', null, { crashCount: 2 }))
    expect(verdict).toMatchObject({ verb: 'fail', error: { name: 'RunnerCrashed', reason: 'quarantined' } })
  })

  test('the end of a process by a signal', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('dies.by.signal'))
    expect(verdict).toMatchObject({ verb: 'rescue', error: { message: expect.stringContaining('SIGABRT') } })
  })

  test.each(PLACEMENTS)('an unhandled rejection, placed %s, and fails its attempt alone', async (placement) => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [neighbour, stray] = await settle(lease('takes', 100), lease(`strays.${placement}`))
    expect(neighbour).toMatchObject({ verb: 'complete' })
    expect(stray).toMatchObject({ verb: 'retry', error: { message: 'not awaited' } })
    expect(await settle(lease(`strays.${placement}`))).toMatchObject([{ verb: 'retry' }])
  })

  test('an exception from a timer', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('throws.later'))).toMatchObject([{ verb: 'retry', error: { message: 'from a timer' } }])
  })

  test.each(['proxy', 'proxy, later', 'proxy, outside', 'getter', 'delay that cannot be sent', 'null'])(
    'a thrown value that is hostile (%s), and fails its attempt alone',
    async (which) => {
      const { worker, events, settle } = setupWorker()
      const crashes = vi.fn()
      events.on('runner.crashed', crashes)
      await worker.start()
      const [neighbour, hostile] = await settle(lease('takes', 50), lease('throws.hostile', which))
      expect(neighbour).toMatchObject({ verb: 'complete' })
      expect(hostile).toMatchObject({ verb: 'retry', error: { message: expect.any(String) } })
      expect(crashes).not.toHaveBeenCalled()
    },
  )

  test.each(['result', 'thenable'])('a returned value that is hostile (%s)', async (which) => {
    const { worker, events, settle } = setupWorker()
    const crashes = vi.fn()
    events.on('runner.crashed', crashes)
    await worker.start()
    const [verdict] = await settle(lease('throws.hostile', which))
    expect(verdict).toMatchObject({ error: { message: expect.any(String) } })
    expect(crashes).not.toHaveBeenCalled()
  })

  test.each([
    ['throws.after.its.end', 'promise'],
    ['throws.after.its.end', 'timer'],
    ['throws.after.its.end.process', 'promise'],
  ])('an error after the end of its attempt, and reports the task (%s, %s)', async (type, how) => {
    const { worker, events, settle } = setupWorker()
    await worker.start()
    const late = nextEvents(events, 'handler.failedLate')
    const submitted = lease(type, how)
    expect(await settle(submitted)).toEqual([{ verb: 'complete', result: '"done"' }])
    expect(await late).toEqual([
      { taskId: submitted.taskId, type, error: expect.objectContaining({ name: 'Error', message: `from a ${how}` }) },
    ])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })

  test('an abort listener that throws, and stops its attempt alone', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [neighbour, throwing] = await settle(lease('takes', 300), lease('throws.when.aborted'))
    expect(neighbour).toMatchObject({ verb: 'complete' })
    expect(throwing).toMatchObject({ verb: 'retry', error: { reason: 'timedOut' } })
  })

  test('an error that belongs to no attempt, by replacing the runner', async () => {
    const { worker, events, settle } = setupWorker()
    await worker.start()
    const crashed = nextEvents(events, 'runner.crashed')
    const [verdict] = await settle(lease('crashes.runner'))
    expect(verdict).toMatchObject({
      verb: 'rescue',
      error: { message: expect.stringContaining('belongs to no attempt') },
    })
    expect(await crashed).toMatchObject([{ placement: 'shared' }])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })
})

describe('worker › times out', () => {
  test('an attempt that obeys its signal', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    expect(await settle(lease('obeys.in.time'))).toMatchObject([
      { verb: 'retry', error: { name: 'TimedOut', reason: 'timedOut' } },
    ])
  })

  test('an attempt that ignores its signal while its loop goes on, without an effect on its neighbours', async () => {
    const { worker, events, settle } = setupWorker()
    await worker.start()
    const abandoned = nextEvents(events, 'handler.abandoned')
    const ignoring = lease('ignores.in.time')
    const verdicts = await settle(ignoring, lease('takes', 600))
    expect(verdicts).toMatchObject([{ verb: 'retry', error: { reason: 'timedOut' } }, { verb: 'complete' }])
    const { taskId, type } = ignoring
    expect(await abandoned).toEqual([{ taskId, type, cause: 'timedOut', running: 1 }])
  })

  test('a blocked loop past a deadline, and releases its neighbours', async () => {
    const { worker, storage, submit } = setupWorker()
    await worker.start()
    const [waiting, spinning] = submit(lease('obeys'), lease('spins.shared'))
    expect(await eventually(() => storage.verdictOf(spinning.taskId))).toMatchObject({ error: { reason: 'timedOut' } })
    expect(await eventually(() => storage.verdictOf(waiting.taskId))).toEqual({ verb: 'release' })
  })

  test('by the timeout of the task rather than that of its type', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('obeys.in.time', null, { timeouts: { startToCloseMs: 40 } }))
    expect(verdict).toMatchObject({ error: { message: expect.stringContaining('40 ms') } })
  })

  test('without a retry once schedule-to-close has passed', async () => {
    const { worker, settle } = setupWorker()
    await worker.start()
    const [verdict] = await settle(lease('obeys', null, { closeInMs: 60 }))
    expect(verdict).toMatchObject({
      verb: 'fail',
      error: { reason: 'timedOut', message: expect.stringContaining('scheduleToCloseMs') },
    })
  })

  test('a handler when it stops sending heartbeats, and not before', async () => {
    const { worker, storage, submit } = setupWorker()
    await worker.start()
    const startedAt = performance.now()
    const [submitted] = submit(lease('beats', { times: 6, everyMs: 60 }))
    const verdict = await eventually(() => storage.verdictOf(submitted.taskId))
    expect(verdict).toMatchObject({ error: { name: 'TimedOut', message: expect.stringContaining('heartbeatMs') } })
    expect(performance.now() - startedAt).toBeGreaterThan(360)
  })
})

describe('worker › loads modules that fail in the background', () => {
  test('without a crash of their tasks, and names the module', async () => {
    const tasks = await mkdtemp(join(tmpdir(), 'taskflow-'))
    onTestFinished(() => rm(tasks, { recursive: true, force: true }))
    const definition = "{ [Symbol.for('taskflow.definition')]: true, type: 'late', run: () => new Promise(() => {}) }"
    const failure = "setTimeout(() => { throw new Error('late config') }, 30)"
    await writeFile(join(tasks, 'late.mjs'), `export const late = ${definition}\n${failure}`)
    const { worker, storage, events, submit } = setupWorker({ tasks })
    await worker.start()
    const crashes = nextEvents(events, 'runner.crashed', { count: 6, timeoutMs: 10_000 })
    submit(lease('late'))
    expect((await crashes).at(-1)).toEqual({
      placement: 'shared',
      reason: 'exited with code 1: Error: late config (from task module late.mjs)',
      attempts: 0,
    })
    expect(storage.settlements.length).toBeLessThan(4)
    await eventually(() => (worker.health?.startingMs ?? 0) > 0)
  }, 15_000)
})
