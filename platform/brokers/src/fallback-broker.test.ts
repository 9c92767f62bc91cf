import { EventEmitter } from 'node:events'
import { TaskFlowError, type TaskFlowEvents } from '@taskflow/kernel'
import type { Delivery, Dispatch, TakeOptions, TaskId } from '@taskflow/tasks'
import { handClock, settled } from '@taskflow/testing/hand-clock'
import { describe, expect, test } from 'vitest'
import { UnreliableBroker } from '../test/unreliable-broker.ts'
import { fallbackBroker } from './fallback-broker.ts'

const LINE = { project: 'default', queue: 'default', type: 'a', priority: 'normal' } as const
const DISPATCH: Dispatch = { ...LINE, taskId: 'a' as TaskId, rankMs: 0 }
const AWAY = { code: 'BROKER_UNAVAILABLE' }

interface Taking {
  state: 'waits' | 'nothing' | Delivery['tasks']
  delivery: Delivery | undefined
}

function setup() {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const told: string[] = []
  events.on('broker.lost', ({ broker, error }) => told.push(`${broker} lost: ${(error as Error).message}`))
  events.on('broker.returned', ({ broker }) => told.push(`${broker} returned`))
  events.on('acknowledgement.lost', ({ error }) => told.push(`unheard: ${(error as Error).message}`))
  const primary = new UnreliableBroker(clock)
  const fallback = new UnreliableBroker(clock)
  const broker = fallbackBroker({ primary, fallback, clock, events })
  const stopping = new AbortController()
  const options = { project: 'default', queues: ['default'], isDrawn: false, types: ['a'], max: 10, waitMs: 2_000 }

  /** A take under way: what has become of it can be read from what is returned. */
  function take(given: Partial<TakeOptions> = {}): Taking {
    const taking: Taking = { state: 'waits', delivery: undefined }
    void broker.take({ ...options, signal: stopping.signal, ...given }).then((delivery) => {
      Object.assign(taking, { delivery, state: delivery?.tasks ?? 'nothing' })
    })
    return taking
  }

  /** When a worker that takes all the time was told to look into the database, whose claims get what is given, and then nothing. */
  async function looksWithin(ms: number, claims: readonly number[] = []): Promise<number[]> {
    const at: number[] = []
    const endMs = clock.monotonicMs() + ms
    async function work(): Promise<void> {
      while (clock.monotonicMs() < endMs) {
        const delivery = await broker.take({ ...options, signal: stopping.signal })
        const isLook = delivery?.tasks === 'any'
        if (isLook) at.push(clock.monotonicMs())
        await delivery?.acknowledge(isLook ? (claims[at.length - 1] ?? 0) : options.max)
      }
    }
    const working = work()
    await clock.advance(ms)
    stopping.abort()
    await working
    return at
  }

  return { clock, primary, fallback, broker, told, stopping, take, looksWithin }
}

/** One whose broker has gone, and that has noticed. */
async function setupAway(mood: 'refuses' | 'swallows' = 'refuses') {
  const given = setup()
  await given.broker.ping()
  given.primary.become(mood)
  await given.clock.advance(2_000)
  return given
}

describe('while the broker is there', () => {
  test('everything goes to it, acknowledgements included', async () => {
    const { broker, primary, fallback, take, told } = setup()
    await broker.publish([DISPATCH])
    primary.tell('a', 'b')
    expect(await broker.depths([LINE])).toEqual([2])
    const taking = take()
    await settled()
    expect(taking.state).toEqual(['a', 'b'])
    await taking.delivery?.acknowledge(2)
    await taking.delivery?.release()
    expect(primary.calls).toEqual(['publish 1', 'depths 1', 'take', 'acknowledge 2', 'release a,b'])
    expect({ calls: fallback.calls, told }).toEqual({ calls: [], told: [] })
  })

  test('a take waits its time and no longer', async () => {
    const { clock, take } = setup()
    const taking = take({ waitMs: 300 })
    await clock.advance(299)
    expect(taking.state).toBe('waits')
    await clock.advance(1)
    expect(taking.state).toBe('nothing')
  })

  test('a take ends when its signal aborts, and does not begin after', async () => {
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

  test('a single failure loses nothing', async () => {
    const { broker, primary, clock, told, take } = setup()
    primary.become('refuses')
    await expect(broker.publish([DISPATCH])).rejects.toMatchObject(AWAY)
    primary.become('answers')
    await clock.advance(10_000)
    primary.tell('a')
    const taking = take()
    await settled()
    expect(taking.state).toEqual(['a'])
    expect(told).toEqual([])
  })

  test('a single ping that is late loses nothing', async () => {
    const { broker, primary, clock, told } = setup()
    await broker.ping()
    primary.become('swallows')
    await clock.advance(1_250)
    primary.become('answers')
    await clock.advance(10_000)
    expect(told).toEqual([])
  })

  test('an error that is no absence is thrown as it is, however often', async () => {
    const { broker, primary, told } = setup()
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
    expect(told).toEqual([])
  })
})

describe.each(['refuses', 'swallows'] as const)('when the broker %s', (mood) => {
  test('a take that waits for it goes to the fallback within two seconds', async () => {
    const { clock, primary, fallback, take, told } = setup()
    const taking = take({ waitMs: 4_000 })
    await clock.advance(100)
    primary.become(mood)
    fallback.tell('from the fallback')
    await clock.advance(2_000)
    expect(taking.state).toEqual(['from the fallback'])
    expect(told).toMatchObject([expect.stringMatching(/^redis lost: /)])
  })

  test('it is noticed within two seconds where nobody takes', async () => {
    expect((await setupAway(mood)).told).toHaveLength(1)
  })

  test('calls under way fail within two seconds, and others at once without a call', async () => {
    const { clock, primary, broker } = setup()
    await broker.ping()
    primary.become(mood)
    const failures: unknown[] = []
    for (const call of [broker.publish([DISPATCH]), broker.depths([LINE])])
      call.catch((error: unknown) => failures.push(error))
    await clock.advance(2_000)
    expect(failures).toMatchObject([AWAY, AWAY])
    const calls = primary.calls.length
    await expect(broker.publish([DISPATCH])).rejects.toMatchObject(AWAY)
    await expect(broker.depths([LINE])).rejects.toMatchObject(AWAY)
    await expect(broker.ping()).rejects.toMatchObject(AWAY)
    expect(primary.calls).toHaveLength(calls)
  })

  test('its return is noticed within two seconds, and a take that waits elsewhere goes back to it at once', async () => {
    const { clock, primary, take, told } = await setupAway(mood)
    await clock.advance(60_000)
    const taking = take({ waitMs: 4_000 })
    primary.become('answers')
    primary.tell('a')
    await clock.advance(2_000)
    expect(taking.state).toEqual(['a'])
    expect(told.map((line) => line.split(':')[0])).toEqual(['redis lost', 'redis returned'])
  })

  test('each loss and each return is told once', async () => {
    const { clock, primary, told } = await setupAway(mood)
    for (let count = 0; count < 2; count++) {
      await clock.advance(30_000)
      primary.become('answers')
      await clock.advance(30_000)
      primary.become(mood)
    }
    expect(told.map((line) => line.split(':')[0])).toEqual([
      'redis lost',
      'redis returned',
      'redis lost',
      'redis returned',
    ])
  })

  test('what was taken before is acknowledged without an error, within two seconds', async () => {
    const { clock, primary, take, told } = setup()
    primary.tell('a')
    const taking = take()
    await settled()
    primary.become(mood)
    let hasAcknowledged = false
    void taking.delivery?.acknowledge(1).then(() => {
      hasAcknowledged = true
    })
    await clock.advance(2_000)
    expect(hasAcknowledged).toBe(true)
    expect(told).toContainEqual(expect.stringMatching(/^unheard: /))
  })

  test('closing ends what is under way and leaves no timer behind', async () => {
    const { clock, broker, primary, fallback, take } = setup()
    const taking = take({ waitMs: 60_000 })
    await settled()
    primary.become(mood)
    await clock.advance(800)
    const closing = broker.close()
    await clock.advance(2_000)
    await closing
    expect(taking.state).toBe('nothing')
    expect({ sleepers: clock.sleepers, closed: fallback.count('close') }).toEqual({ sleepers: 0, closed: 1 })
  })

  test('closing after it was found lost leaves no timer behind', async () => {
    const { clock, broker, take } = await setupAway(mood)
    const taking = take({ waitMs: 60_000 })
    await clock.advance(800)
    const closing = broker.close()
    await clock.advance(2_000)
    await closing
    expect(taking.state).toBe('nothing')
    expect(clock.sleepers).toBe(0)
  })
})

describe('a broker that went away', () => {
  test('gets back what it gave to a take that had been given up', async () => {
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

  test('and comes and goes is asked ever more seldom, and often again once it has been steady', async () => {
    const { clock, primary, told, broker } = setup()
    await broker.ping()
    // Answers pings and nothing else.
    primary.publish = async () => {
      throw new TaskFlowError('BROKER_UNAVAILABLE', 'read only')
    }
    async function losses(ms: number): Promise<number> {
      const before = told.length
      for (let passed = 0; passed < ms; passed += 100) {
        await broker.publish([DISPATCH]).catch(() => {})
        await clock.advance(100)
      }
      return told.slice(before).filter((line) => line.includes('lost')).length
    }
    expect(await losses(60_000)).toBeLessThan(12)
    await clock.advance(60_000)
    expect(await losses(1_500)).toBe(2)
  })
})

describe('the net below it', () => {
  test('looks into the database after five seconds of nothing, and every ten while it finds nothing', async () => {
    const { looksWithin, fallback } = setup()
    expect(await looksWithin(60_000)).toEqual([5_000, 15_000, 25_000, 35_000, 45_000, 55_000])
    expect(fallback.calls).toEqual([])
  })

  test('looks again at once while claims come back full, and five seconds after one that was not', async () => {
    const { looksWithin } = setup()
    expect(await looksWithin(24_000, [10, 10, 3])).toEqual([5_000, 5_000, 5_000, 10_000, 20_000])
  })

  test('asks the broker first, also when a look is due', async () => {
    const { looksWithin, primary, clock, take } = setup()
    await clock.advance(60_000)
    primary.tell('a')
    const taking = take()
    await settled()
    expect(taking.state).toEqual(['a'])
    expect(await looksWithin(6_000)).toEqual([65_000])
  })

  test('does not look while the broker gives something now and then', async () => {
    const { looksWithin, primary, clock } = setup()
    const looking = looksWithin(60_000)
    for (let count = 0; count < 14; count++) {
      void clock.sleep(4_000 * (count + 1)).then(() => primary.tell(`word ${count}`))
    }
    expect(await looking).toEqual([])
  })

  test('looks again in five seconds when the claim failed', async () => {
    const { clock, take, looksWithin } = setup()
    await clock.advance(5_000)
    const taking = take()
    await settled()
    expect(taking.state).toBe('any')
    await taking.delivery?.release()
    expect(await looksWithin(6_000)).toEqual([10_000])
  })
})

test('one that was never used asks nothing, and closes', async () => {
  const { clock, broker, primary } = setup()
  await clock.advance(60_000)
  await broker.close()
  await broker.close()
  expect(primary.calls).toEqual(['close', 'close'])
  expect(clock.sleepers).toBe(0)
})
