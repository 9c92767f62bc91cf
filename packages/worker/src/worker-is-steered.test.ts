import { eventually, nextEvents } from '@taskflow/testing/wait'
import { describe, expect, test, vi } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { setupWorker } from '../test/setup-worker.ts'

/** Beats so seldom that only a wake-up can be what tells it. */
const SELDOM = { heartbeatMs: 60_000 }

describe('worker › is asked', () => {
  test('to cordon: it takes nothing more and runs on, until it is uncordoned', async () => {
    const { worker, storage, broker, submit, wake } = setupWorker(SELDOM)
    await worker.start()
    const [running] = submit(lease('takes', 200))
    await eventually(() => storage.held.size === 1)
    storage.request = 'cordon'
    wake('asked', worker.id ?? '')
    await eventually(() => worker.health?.state === 'cordoned')
    expect(worker.health).toEqual({ state: 'cordoned', sinceFetchMs: 0 })
    const takes = broker.takes.length
    const [waiting] = submit(lease('succeeds'))
    expect(await eventually(() => storage.verdictOf(running.taskId))).toMatchObject({ verb: 'complete' })
    expect(broker.takes).toHaveLength(takes)
    storage.request = null
    wake('asked', worker.id ?? '')
    expect(await eventually(() => storage.verdictOf(waiting.taskId))).toMatchObject({ verb: 'complete' })
    expect(worker.health).toMatchObject({ state: 'active' })
  })

  test('to drain: what does not end in time is handed back, and it stays', async () => {
    const { worker, storage, submit, settle, hasLogged } = setupWorker({ drainMs: 100 })
    await worker.start()
    const [stubborn, quick] = submit(lease('obeys'), lease('takes', 20))
    await hasLogged('waiting')
    storage.request = 'drain'
    expect(await eventually(() => storage.verdictOf(stubborn.taskId))).toEqual({ verb: 'release' })
    expect(storage.verdictOf(quick.taskId)).toMatchObject({ verb: 'complete' })
    expect(worker.health).toEqual({ state: 'draining', sinceFetchMs: 0 })
    expect(storage.deregistered).toEqual([])
    await eventually(() => storage.pulses.at(-1)?.running === 0)
    storage.request = null
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
    // Its own word is of its process, which does not stop.
    expect(new Set(storage.pulses.map(({ state }) => state))).toEqual(new Set(['active']))
  })

  test.each([
    ['cordon', 'runs', 'complete'],
    ['drain', 'hands back', 'release'],
  ] as const)('to %s while a claim is under way, and %s what that brings', async (request, _, verb) => {
    const { worker, storage, submit, wake } = setupWorker(SELDOM)
    await worker.start()
    const answered = Promise.withResolvers<void>()
    const claimTasks = storage.claimTasks.bind(storage)
    storage.claimTasks = async (asked) => {
      const leases = await claimTasks(asked)
      await answered.promise
      return leases
    }
    const [given] = submit(lease('succeeds'))
    await eventually(() => storage.held.size === 1)
    storage.request = request
    wake('asked', worker.id ?? '')
    await eventually(() => worker.health?.state !== 'active')
    answered.resolve()
    expect(await eventually(() => storage.verdictOf(given.taskId))).toMatchObject({ verb })
  })

  test('and asks under its next id whose place it takes, so that it is asked the same', async () => {
    const { worker, storage, events } = setupWorker()
    await worker.start()
    const replaced = nextEvents(events, 'worker.replaced')
    const old = worker.id
    if (old) storage.dead.add(old)
    await replaced
    expect(storage.registered.map((each) => each.worker.replaces)).toEqual([undefined, old])
  })
})

describe('worker › takes', () => {
  test('what the broker names, and goes on after what others had already', async () => {
    const { worker, storage, broker, events, settle } = setupWorker()
    await worker.start()
    const failed: unknown[] = []
    events.on('round.failed', ({ error }) => failed.push(error))
    const [mine, other] = [lease('succeeds'), lease('succeeds')]
    const [known, stranger] = [lease('succeeds').taskId, lease('succeeds').taskId]
    storage.queued.push(other, mine)
    broker.tell([known, mine.taskId, stranger])
    expect(await eventually(() => storage.verdictOf(mine.taskId))).toMatchObject({ verb: 'complete' })
    broker.tell([known, stranger])
    await eventually(() => broker.acknowledged.length === 2)
    expect(broker.acknowledged).toEqual([1, 0])
    expect(storage.queued).toEqual([other])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
    expect(failed).toEqual([])
  })

  test('from all queues alike where no weights are given', async () => {
    const { worker, storage, broker, settle } = setupWorker({ queues: ['default', 'mail'] })
    await worker.start()
    await settle(lease('succeeds'))
    for (const asked of [...broker.takes, ...storage.claims])
      expect(asked).toMatchObject({ queues: ['default', 'mail'], isDrawn: false })
  })

  test('from queues in the order that it draws for each take by their weights', async () => {
    const { worker, storage, broker, settle } = setupWorker({ queues: ['mail', 'default=3'] })
    await worker.start()
    await settle(lease('succeeds'))
    expect(storage.registered[0]?.worker.queues).toEqual(['mail', 'default'])
    // Of equal chances, as here, the greater weight makes more.
    for (const asked of [...broker.takes, ...storage.claims])
      expect(asked).toMatchObject({ queues: ['default', 'mail'], isDrawn: true })
    expect(storage.claims.length).toBeGreaterThan(0)
  })

  test('only the types that it is set to, and names what means none', async () => {
    const { worker, storage, broker, logged, settle } = setupWorker({ types: ['fails*', 'succeeds', 'report.*'] })
    await worker.start()
    await settle(lease('succeeds'))
    const types = ['fails', 'fails.in.half', 'fails.with.policy', 'succeeds']
    expect(storage.registered[0]?.worker.types.toSorted()).toEqual(types)
    expect(storage.registered[0]?.types.map(({ type }) => type).toSorted()).toEqual(types)
    for (const asked of [...broker.takes, ...storage.claims]) expect(asked.types.toSorted()).toEqual(types)
    expect(logged.map(({ detail }) => detail)).toContainEqual(expect.objectContaining({ pattern: 'report.*' }))
    expect(logged).toHaveLength(1)
  })
})

describe('worker › tells its health', () => {
  test('from its start to its stop', async () => {
    const { worker, storage, submit } = setupWorker({ drainMs: 2_000 })
    expect(worker.health).toBeUndefined()
    await worker.start()
    expect(worker.health).toMatchObject({ state: 'active' })
    const registering = vi.spyOn(storage, 'registerWorker').mockRejectedValue(new Error('not now'))
    if (worker.id) storage.dead.add(worker.id)
    await eventually(() => worker.health?.state === 'registering')
    // It cannot look for tasks meanwhile, and does not hide it.
    await eventually(() => (worker.health?.sinceFetchMs ?? 0) > 100)
    registering.mockRestore()
    await eventually(() => worker.health?.state === 'active')
    const [running] = submit(lease('takes', 200))
    await eventually(() => storage.held.size === 1)
    const stopped = worker.stop()
    await eventually(() => worker.health?.state === 'draining')
    await stopped
    expect(worker.health).toBeUndefined()
    expect(storage.verdictOf(running.taskId)).toMatchObject({ verb: 'complete' })
  })
})
