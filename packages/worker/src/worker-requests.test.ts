import { eventually, nextEvents } from '@taskflow/testing/wait'
import { describe, expect, test, vi } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { setupWorker } from '../test/setup-worker.ts'

/** Heartbeats so seldom that only a wake-up can bring the request. */
const SELDOM = { heartbeatMs: 60_000 }

describe('worker › receives a request', () => {
  test('to cordon: takes nothing more and lets its attempts go on, until it is uncordoned', async () => {
    const { worker, storage, broker, submit, wake } = setupWorker(SELDOM)
    await worker.start()
    const [running] = submit(lease('takes', 200))
    await eventually(() => storage.held.size === 1)
    storage.request = 'cordon'
    wake('asked', worker.id ?? '')
    await eventually(() => worker.health?.state === 'cordoned')
    expect(worker.health).toMatchObject({ state: 'cordoned', sinceFetchMs: 0, blockedMs: 0, startingMs: 0 })
    const takes = broker.takes.length
    const [waiting] = submit(lease('succeeds'))
    expect(await eventually(() => storage.verdictOf(running.taskId))).toMatchObject({ verb: 'complete' })
    expect(broker.takes).toHaveLength(takes)
    storage.request = null
    wake('asked', worker.id ?? '')
    expect(await eventually(() => storage.verdictOf(waiting.taskId))).toMatchObject({ verb: 'complete' })
    expect(worker.health).toMatchObject({ state: 'active' })
  })

  test('to drain: releases the tasks that do not end in time, and stays registered', async () => {
    const { worker, storage, submit, settle, hasLogged } = setupWorker({ drainMs: 100 })
    await worker.start()
    const [stubborn, quick] = submit(lease('obeys'), lease('takes', 20))
    await hasLogged('waiting')
    storage.request = 'drain'
    expect(await eventually(() => storage.verdictOf(stubborn.taskId))).toEqual({ verb: 'release' })
    expect(storage.verdictOf(quick.taskId)).toMatchObject({ verb: 'complete' })
    expect(worker.health).toMatchObject({ state: 'draining', sinceFetchMs: 0, blockedMs: 0, startingMs: 0 })
    expect(storage.deregistered).toEqual([])
    await eventually(() => storage.pulses.at(-1)?.running === 0)
    storage.request = null
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
    // The state in a pulse is that of the process, which does not stop.
    expect(new Set(storage.pulses.map(({ state }) => state))).toEqual(new Set(['active']))
  })

  test.each([
    ['cordon', 'runs', 'complete'],
    ['drain', 'releases', 'release'],
  ] as const)('to %s during a claim, and %s the tasks of that claim', async (request, _, verb) => {
    const { worker, storage, submit, wake } = setupWorker(SELDOM)
    await worker.start()
    const answered = Promise.withResolvers<void>()
    const claimTasks = storage.claimTasks.bind(storage)
    storage.claimTasks = async (request) => {
      const leases = await claimTasks(request)
      await answered.promise
      return leases
    }
    const [submitted] = submit(lease('succeeds'))
    await eventually(() => storage.held.size === 1)
    storage.request = request
    wake('asked', worker.id ?? '')
    await eventually(() => worker.health?.state !== 'active')
    answered.resolve()
    expect(await eventually(() => storage.verdictOf(submitted.taskId))).toMatchObject({ verb })
  })

  test('that stands for its next incarnation too, which registers with the id of the lost one', async () => {
    const { worker, storage, events } = setupWorker()
    await worker.start()
    const replaced = nextEvents(events, 'worker.replaced')
    const old = worker.id
    if (old) storage.lost.add(old)
    await replaced
    expect(storage.registered.map((each) => each.worker.replaces)).toEqual([undefined, old])
  })
})

describe('worker › takes', () => {
  test('the tasks that the broker names, and goes on after tasks that others have claimed', async () => {
    const { worker, storage, broker, events, settle } = setupWorker()
    await worker.start()
    const failed: unknown[] = []
    events.on('round.failed', ({ error }) => failed.push(error))
    const [mine, other] = [lease('succeeds'), lease('succeeds')]
    const [known, stranger] = [lease('succeeds').taskId, lease('succeeds').taskId]
    storage.queued.push(other, mine)
    broker.offer([known, mine.taskId, stranger])
    expect(await eventually(() => storage.verdictOf(mine.taskId))).toMatchObject({ verb: 'complete' })
    broker.offer([known, stranger])
    await eventually(() => broker.acknowledged.length === 2)
    expect(broker.acknowledged).toEqual([1, 0])
    expect(storage.queued).toEqual([other])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
    expect(failed).toEqual([])
  })

  test('from all queues alike without weights', async () => {
    const { worker, storage, broker, settle } = setupWorker({ queues: ['default', 'mail'] })
    await worker.start()
    await settle(lease('succeeds'))
    for (const request of [...broker.takes, ...storage.claims])
      expect(request).toMatchObject({ queues: ['default', 'mail'], isDrawn: false })
  })

  test('from queues in an order that is drawn by their weights for each take', async () => {
    const { worker, storage, broker, settle } = setupWorker({ queues: ['mail', 'default=3'] })
    await worker.start()
    await settle(lease('succeeds'))
    expect(storage.registered[0]?.worker.queues).toEqual(['mail', 'default'])
    // With the constant random number of this test, the greater weight comes first.
    for (const request of [...broker.takes, ...storage.claims])
      expect(request).toMatchObject({ queues: ['default', 'mail'], isDrawn: true })
    expect(storage.claims.length).toBeGreaterThan(0)
  })

  test('only the types of its settings, and logs a pattern that matches no type', async () => {
    const { worker, storage, broker, logged, settle } = setupWorker({ types: ['fails*', 'succeeds', 'report.*'] })
    await worker.start()
    await settle(lease('succeeds'))
    const types = ['fails', 'fails.in.half', 'fails.with.policy', 'succeeds']
    expect(storage.registered[0]?.worker.types.toSorted()).toEqual(types)
    expect(storage.registered[0]?.types.map(({ type }) => type).toSorted()).toEqual(types)
    for (const request of [...broker.takes, ...storage.claims]) expect(request.types.toSorted()).toEqual(types)
    expect(logged.map(({ detail }) => detail)).toContainEqual(expect.objectContaining({ pattern: 'report.*' }))
    expect(logged).toHaveLength(1)
  })
})

describe('worker › reports its health', () => {
  test('from its start to its stop', async () => {
    const { worker, storage, submit } = setupWorker({ drainMs: 2_000 })
    expect(worker.health).toBeUndefined()
    await worker.start()
    expect(worker.health).toMatchObject({ state: 'active' })
    const registering = vi.spyOn(storage, 'registerWorker').mockRejectedValue(new Error('not now'))
    if (worker.id) storage.lost.add(worker.id)
    await eventually(() => worker.health?.state === 'registering')
    // The worker cannot fetch meanwhile, and its health shows that.
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
