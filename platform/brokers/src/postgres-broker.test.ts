import type { WakeupTopic } from '@taskflow/kernel'
import type { Delivery, TakeOptions } from '@taskflow/tasks'
import { PROJECT } from '@taskflow/testing/factories'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { describe, expect, test } from 'vitest'
import { postgresBroker } from './postgres-broker.ts'

function setup({ listens = true }: { listens?: boolean } = {}) {
  const clock = handClock()
  const listeners = new Set<(detail: string) => void>()
  const wakeups = {
    async on(topic: WakeupTopic, listener: (detail: string) => void) {
      if (!listens) throw new Error('no connection to listen on')
      if (topic === 'ready') listeners.add(listener)
      return async () => void listeners.delete(listener)
    },
  }
  const broker = postgresBroker({ wakeups, clock, pollMs: 1_000 })
  const controller = new AbortController()
  const take = (options: Partial<TakeOptions> = {}) =>
    broker.take({
      project: PROJECT,
      queues: ['default'],
      isDrawn: false,
      types: ['a'],
      max: 10,
      waitMs: 60_000,
      signal: controller.signal,
      ...options,
    })
  return {
    broker,
    clock,
    controller,
    listeners,
    take,
    notify: (detail: string) => listeners.forEach((listener) => void listener(detail)),
    /** Makes the broker poll once and find nothing. */
    async idle(): Promise<void> {
      const first = await take()
      await first?.acknowledge(0)
    },
  }
}

/** Returns the current state of a promise. */
async function soon(taking: Promise<Delivery | undefined>): Promise<'waits' | 'nothing' | Delivery['tasks']> {
  await settled()
  const delivery = await Promise.race([taking, settled().then(() => 'waits' as const)])
  return delivery === 'waits' ? delivery : (delivery?.tasks ?? 'nothing')
}

describe('a broker', () => {
  test('waits until a wake-up announces tasks', async () => {
    const { take, notify, idle } = setup()
    await idle()
    const taking = take()
    expect(await soon(taking)).toBe('waits')
    notify('default')
    expect(await soon(taking)).toBe('any')
  })

  test('keeps a wake-up that comes between two takes', async () => {
    const { take, notify, idle } = setup()
    await idle()
    notify('default')
    expect(await soon(take())).toBe('any')
  })

  test('keeps a wake-up that comes between a take and its acknowledgement', async () => {
    const { take, notify } = setup()
    const first = await take()
    notify('default')
    await first?.acknowledge(0)
    expect(await soon(take())).toBe('any')
  })

  test('keeps queues apart', async () => {
    const { take, notify, idle } = setup()
    await idle()
    const taking = take({ queues: ['mail', 'reports'] })
    notify('default,other')
    expect(await soon(taking)).toBe('waits')
    notify('other,reports')
    expect(await soon(taking)).toBe('any')
  })

  test('reports each wake-up once', async () => {
    const { take, notify, idle } = setup()
    await idle()
    notify('default')
    await (await take())?.acknowledge(0)
    expect(await soon(take())).toBe('waits')
  })

  test('resolves with nothing when the time is up', async () => {
    const { take, idle, clock } = setup()
    await idle()
    const taking = take({ waitMs: 10 })
    await clock.advance(10)
    expect(await soon(taking)).toBe('nothing')
  })

  test('resolves with nothing, at once, when the signal aborts', async () => {
    const { take, idle, controller } = setup()
    await idle()
    const taking = take()
    controller.abort()
    expect(await soon(taking)).toBe('nothing')
    expect(await soon(take())).toBe('nothing')
  })

  test('accepts publications without an error', async () => {
    const { broker } = setup()
    await expect(broker.publish([])).resolves.toBeUndefined()
  })

  test('stops listening when it is closed, also twice or unused', async () => {
    const { broker, take, listeners } = setup()
    await broker.close()
    await take()
    expect(listeners.size).toBe(1)
    await broker.close()
    await broker.close()
    expect(listeners.size).toBe(0)
  })
})

describe('postgres broker', () => {
  test('polls at once when it starts: tasks may be waiting', async () => {
    const { take } = setup()
    expect(await soon(take())).toBe('any')
  })

  test('polls again at once while claims come back full', async () => {
    const { take } = setup()
    await (await take({ max: 10 }))?.acknowledge(10)
    const again = await take({ max: 10 })
    await again?.acknowledge(9)
    expect(await soon(take())).toBe('waits')
  })

  test('polls often after activity, then less and less often, up to its longest pause', async () => {
    const { take, clock } = setup()
    await (await take())?.acknowledge(1)
    const pauses: number[] = []
    for (let i = 0; i < 8; i++) {
      const from = clock.monotonicMs()
      const taking = take()
      while ((await soon(taking)) === 'waits') await clock.advance(5)
      pauses.push(clock.monotonicMs() - from)
      await (await taking)?.acknowledge(0)
    }
    expect(pauses).toEqual([25, 50, 100, 200, 400, 800, 1_000, 1_000])
  })

  test('polls also when each take waits for less than the pause', async () => {
    const { take, clock, idle } = setup()
    await idle()
    const answers: unknown[] = []
    for (let i = 0; i < 5; i++) {
      const taking = take({ waitMs: 10 })
      await clock.advance(10)
      answers.push(await soon(taking))
    }
    expect(answers).toEqual(['nothing', 'nothing', 'nothing', 'nothing', 'any'])
  })

  test('polls when it cannot listen', async () => {
    const { take, clock, idle } = setup({ listens: false })
    await idle()
    const taking = take()
    await clock.advance(1_000)
    expect(await soon(taking)).toBe('any')
  })

  test('polls at once when a wake-up may have been lost', async () => {
    const { take, notify, idle } = setup()
    await idle()
    const taking = take()
    notify('')
    expect(await soon(taking)).toBe('any')
  })

  test('continues to poll when a claim failed and was never acknowledged', async () => {
    const { take, clock } = setup()
    await take()
    const taking = take()
    await clock.advance(1_000)
    expect(await soon(taking)).toBe('any')
  })
})
