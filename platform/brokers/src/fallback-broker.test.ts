import { EventEmitter } from 'node:events'
import { TaskFlowError, type TaskFlowEvents } from '@taskflow/kernel'
import type { Delivery, Dispatch, TakeOptions, TaskId } from '@taskflow/tasks'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { describe, expect, test } from 'vitest'
import { UnreliableBroker } from '../test/unreliable-broker.ts'
import { fallbackBroker } from './fallback-broker.ts'

const SUBQUEUE = { project: 'default', queue: 'default', type: 'a', priority: 'normal' } as const
const DISPATCH: Dispatch = { ...SUBQUEUE, taskId: 'a' as TaskId, rankMs: 0 }
const UNAVAILABLE = { code: 'BROKER_UNAVAILABLE' }

interface Taking {
  state: 'waits' | 'nothing' | Delivery['tasks']
  delivery: Delivery | undefined
}

function setup() {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const reports: string[] = []
  events.on('broker.lost', ({ broker, error }) => reports.push(`${broker} lost: ${(error as Error).message}`))
  events.on('broker.returned', ({ broker }) => reports.push(`${broker} returned`))
  events.on('acknowledgement.lost', ({ error }) => reports.push(`unacknowledged: ${(error as Error).message}`))
  const primary = new UnreliableBroker(clock)
  const fallback = new UnreliableBroker(clock)
  const broker = fallbackBroker({ primary, fallback, clock, events })
  const stopping = new AbortController()
  const options = { project: 'default', queues: ['default'], isDrawn: false, types: ['a'], max: 10, waitMs: 2_000 }

  /** Starts a take. The returned object shows its current state. */
  function take(given: Partial<TakeOptions> = {}): Taking {
    const taking: Taking = { state: 'waits', delivery: undefined }
    void broker.take({ ...options, signal: stopping.signal, ...given }).then((delivery) => {
      Object.assign(taking, { delivery, state: delivery?.tasks ?? 'nothing' })
    })
    return taking
  }

  /** Returns when a worker that takes continuously polled the database. Its claims return `claims`, and then nothing. */
  async function pollsWithin(ms: number, claims: readonly number[] = []): Promise<number[]> {
    const at: number[] = []
    const endMs = clock.monotonicMs() + ms
    async function work(): Promise<void> {
      while (clock.monotonicMs() < endMs) {
        const delivery = await broker.take({ ...options, signal: stopping.signal })
        const isPoll = delivery?.tasks === 'any'
        if (isPoll) at.push(clock.monotonicMs())
        await delivery?.acknowledge(isPoll ? (claims[at.length - 1] ?? 0) : options.max)
      }
    }
    const working = work()
    await clock.advance(ms)
    stopping.abort()
    await working
    return at
  }

  return { clock, primary, fallback, broker, reports, stopping, take, pollsWithin }
}

/** Returns a fallback broker that has noticed the loss of its primary. */
async function setupUnavailable(behaviour: 'refuses' | 'swallows' = 'refuses') {
  const given = setup()
  await given.broker.ping()
  given.primary.become(behaviour)
  await given.clock.advance(2_000)
  return given
}

describe('while the broker is available', () => {
  test('every call goes to it, also acknowledgements', async () => {
    const { broker, primary, fallback, take, reports } = setup()
    await broker.publish([DISPATCH])
    primary.hold('a', 'b')
    expect(await broker.depths([SUBQUEUE])).toEqual([2])
    const taking = take()
    await settled()
    expect(taking.state).toEqual(['a', 'b'])
    await taking.delivery?.acknowledge(2)
    await taking.delivery?.release()
    expect(primary.calls).toEqual(['publish 1', 'depths 1', 'take', 'acknowledge 2', 'release a,b'])
    expect({ calls: fallback.calls, reports }).toEqual({ calls: [], reports: [] })
  })

  test('a take waits until its time is up, and no longer', async () => {
    const { clock, take } = setup()
    const taking = take({ waitMs: 300 })
    await clock.advance(299)
    expect(taking.state).toBe('waits')
    await clock.advance(1)
    expect(taking.state).toBe('nothing')
  })

  test('a take ends when its signal aborts, and does not start afterwards', async () => {
    const { primary, take, stopping } = setup()
    const taking = take()
    await settled()
    stopping.abort()
    await settled()
    expect(taking.state).toBe('nothing')
    const late = take()
    await settled()
    expect(late.state).toBe('nothing')
    expect(primary.count('take')).toBe(2)
  })

  test('a single failure does not count as a loss', async () => {
    const { broker, primary, clock, reports, take } = setup()
    primary.become('refuses')
    await expect(broker.publish([DISPATCH])).rejects.toMatchObject(UNAVAILABLE)
    primary.become('answers')
    await clock.advance(10_000)
    primary.hold('a')
    const taking = take()
    await settled()
    expect(taking.state).toEqual(['a'])
    expect(reports).toEqual([])
  })

  test('a single late ping does not count as a loss', async () => {
    const { broker, primary, clock, reports } = setup()
    await broker.ping()
    primary.become('swallows')
    await clock.advance(1_250)
    primary.become('answers')
    await clock.advance(10_000)
    expect(reports).toEqual([])
  })

  test('an error other than BROKER_UNAVAILABLE is rethrown unchanged, every time', async () => {
    const { broker, primary, reports } = setup()
    primary.publish = async () => {
      throw new TypeError('a mistake')
    }
    primary.take = () => primary.publish([]) as Promise<never>
    const signal = AbortSignal.any([])
    const options = { project: 'default', queues: [], isDrawn: false, types: [], max: 1, waitMs: 1, signal }
    for (let count = 0; count < 3; count++) {
      await expect(broker.publish([DISPATCH])).rejects.toThrow('a mistake')
      await expect(broker.take(options)).rejects.toThrow('a mistake')
    }
    expect(reports).toEqual([])
  })
})

describe.each(['refuses', 'swallows'] as const)('when the broker %s', (behaviour) => {
  test('a take that waits for it goes to the fallback within two seconds', async () => {
    const { clock, primary, fallback, take, reports } = setup()
    const taking = take({ waitMs: 4_000 })
    await clock.advance(100)
    primary.become(behaviour)
    fallback.hold('from the fallback')
    await clock.advance(2_000)
    expect(taking.state).toEqual(['from the fallback'])
    expect(reports).toMatchObject([expect.stringMatching(/^redis lost: /)])
  })

  test('the loss is noticed within two seconds even without takes', async () => {
    expect((await setupUnavailable(behaviour)).reports).toHaveLength(1)
  })

  test('calls under way fail within two seconds, and new calls fail at once without reaching the broker', async () => {
    const { clock, primary, broker } = setup()
    await broker.ping()
    primary.become(behaviour)
    const failures: unknown[] = []
    for (const call of [broker.publish([DISPATCH]), broker.depths([SUBQUEUE])])
      call.catch((error: unknown) => failures.push(error))
    await clock.advance(2_000)
    expect(failures).toMatchObject([UNAVAILABLE, UNAVAILABLE])
    const calls = primary.calls.length
    await expect(broker.publish([DISPATCH])).rejects.toMatchObject(UNAVAILABLE)
    await expect(broker.depths([SUBQUEUE])).rejects.toMatchObject(UNAVAILABLE)
    await expect(broker.ping()).rejects.toMatchObject(UNAVAILABLE)
    expect(primary.calls).toHaveLength(calls)
  })

  test('its return is noticed within two seconds, and a take that waits at the fallback moves to it at once', async () => {
    const { clock, primary, take, reports } = await setupUnavailable(behaviour)
    await clock.advance(60_000)
    const taking = take({ waitMs: 4_000 })
    primary.become('answers')
    primary.hold('a')
    await clock.advance(2_000)
    expect(taking.state).toEqual(['a'])
    expect(reports.map((report) => report.split(':')[0])).toEqual(['redis lost', 'redis returned'])
  })

  test('each loss and each return is reported once', async () => {
    const { clock, primary, reports } = await setupUnavailable(behaviour)
    for (let count = 0; count < 2; count++) {
      await clock.advance(30_000)
      primary.become('answers')
      await clock.advance(30_000)
      primary.become(behaviour)
    }
    expect(reports.map((report) => report.split(':')[0])).toEqual([
      'redis lost',
      'redis returned',
      'redis lost',
      'redis returned',
    ])
  })

  test('the acknowledgement of an earlier take resolves without an error within two seconds', async () => {
    const { clock, primary, take, reports } = setup()
    primary.hold('a')
    const taking = take()
    await settled()
    primary.become(behaviour)
    let hasAcknowledged = false
    void taking.delivery?.acknowledge(1).then(() => {
      hasAcknowledged = true
    })
    await clock.advance(2_000)
    expect(hasAcknowledged).toBe(true)
    expect(reports).toContainEqual(expect.stringMatching(/^unacknowledged: /))
  })

  test('closing ends the takes under way and leaves no timer behind', async () => {
    const { clock, broker, primary, fallback, take } = setup()
    const taking = take({ waitMs: 60_000 })
    await settled()
    primary.become(behaviour)
    await clock.advance(800)
    const closing = broker.close()
    await clock.advance(2_000)
    await closing
    expect(taking.state).toBe('nothing')
    expect({ sleepers: clock.sleepers, closed: fallback.count('close') }).toEqual({ sleepers: 0, closed: 1 })
  })

  test('closing after the loss leaves no timer behind', async () => {
    const { clock, broker, take } = await setupUnavailable(behaviour)
    const taking = take({ waitMs: 60_000 })
    await clock.advance(800)
    const closing = broker.close()
    await clock.advance(2_000)
    await closing
    expect(taking.state).toBe('nothing')
    expect(clock.sleepers).toBe(0)
  })
})

describe('a broker that became unavailable', () => {
  test('receives a release for a delivery to an abandoned take', async () => {
    const { clock, primary, take } = setup()
    let give = (_: Delivery): void => {}
    primary.take = () => new Promise((resolve) => (give = resolve))
    const released: string[] = []
    const taking = take()
    await settled()
    primary.become('swallows')
    await clock.advance(2_000)
    const release = async (): Promise<void> => void released.push('released')
    give({ tasks: ['a' as TaskId], acknowledge: async () => {}, release })
    await settled()
    expect(released).toEqual(['released'])
    expect(taking.state).toBe('nothing')
  })

  test('and flaps is probed less and less often, and often again once it has been steady', async () => {
    const { clock, primary, reports, broker } = setup()
    await broker.ping()
    // The broker answers pings and no other call.
    primary.publish = async () => {
      throw new TaskFlowError('BROKER_UNAVAILABLE', 'read only')
    }
    async function losses(ms: number): Promise<number> {
      const before = reports.length
      for (let passed = 0; passed < ms; passed += 100) {
        await broker.publish([DISPATCH]).catch(() => {})
        await clock.advance(100)
      }
      return reports.slice(before).filter((report) => report.includes('lost')).length
    }
    expect(await losses(60_000)).toBeLessThan(12)
    await clock.advance(60_000)
    expect(await losses(1_500)).toBe(2)
  })
})

describe('polling the database', () => {
  test('starts after five seconds without a delivery, and repeats every ten while it finds nothing', async () => {
    const { pollsWithin, fallback } = setup()
    expect(await pollsWithin(60_000)).toEqual([5_000, 15_000, 25_000, 35_000, 45_000, 55_000])
    expect(fallback.calls).toEqual([])
  })

  test('repeats at once while claims come back full, and five seconds after one that was not full', async () => {
    const { pollsWithin } = setup()
    expect(await pollsWithin(24_000, [10, 10, 3])).toEqual([5_000, 5_000, 5_000, 10_000, 20_000])
  })

  test('comes after a take from the broker, also when a poll is due', async () => {
    const { pollsWithin, primary, clock, take } = setup()
    await clock.advance(60_000)
    primary.hold('a')
    const taking = take()
    await settled()
    expect(taking.state).toEqual(['a'])
    expect(await pollsWithin(6_000)).toEqual([65_000])
  })

  test('does not happen while the broker delivers now and then', async () => {
    const { pollsWithin, primary, clock } = setup()
    const polling = pollsWithin(60_000)
    for (let count = 0; count < 14; count++) {
      void clock.sleep(4_000 * (count + 1)).then(() => primary.hold(`task ${count}`))
    }
    expect(await polling).toEqual([])
  })

  test('repeats in five seconds when the claim failed', async () => {
    const { clock, take, pollsWithin } = setup()
    await clock.advance(5_000)
    const taking = take()
    await settled()
    expect(taking.state).toBe('any')
    await taking.delivery?.release()
    expect(await pollsWithin(6_000)).toEqual([10_000])
  })
})

test('an unused broker makes no calls, and closes', async () => {
  const { clock, broker, primary } = setup()
  await clock.advance(60_000)
  await broker.close()
  await broker.close()
  expect(primary.calls).toEqual(['close', 'close'])
  expect(clock.sleepers).toBe(0)
})
