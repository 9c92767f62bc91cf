import { EventEmitter } from 'node:events'
import { type HandClock, handClock, settled } from '@taskflow/testing'
import { leaderRow } from '@taskflow/testing/leader-row'
import { describe, expect, test } from 'vitest'
import { TaskFlowError } from './errors.ts'
import type { TaskFlowEvents } from './events.ts'
import type { LeaderStore } from './leader-store.ts'
import { leaseElector } from './lease-elector.ts'
import type { Wakeups } from './wakeups.ts'

const LEASE_MS = 8_000
const TRUST_MS = 7_000

function setup() {
  const clock = handClock()
  const row = leaderRow(clock.monotonicMs)
  const listeners = new Set<(detail: string) => void>()
  const wakeups: Wakeups = {
    async on(topic, listener) {
      if (topic === 'resigned') listeners.add(listener)
      return async () => void listeners.delete(listener)
    },
  }

  /** A process that wants to lead, with the way between it and the database in the test's hands. */
  function candidate(name: string) {
    const events = new EventEmitter<TaskFlowEvents>()
    const told: string[] = []
    const failures: unknown[] = []
    events.on('leader.elected', ({ term }) => told.push(`elected ${term}`))
    events.on('leader.lost', ({ term, reason }) => told.push(`lost ${term}: ${reason}`))
    events.on('round.failed', ({ error }) => failures.push(error))
    const way = { toDatabase: async () => {}, back: async () => {} }
    // So that a test can stop this process alone, as SIGSTOP does: time goes by, and no timer fires.
    let missedMs = 0
    let starts = 0
    const own = { ...clock, monotonicMs: () => clock.monotonicMs() + missedMs }
    const storage: LeaderStore = {
      async lead(question) {
        await way.toDatabase()
        const answer = await row.lead(question)
        await way.back()
        return answer
      },
      async resign(question) {
        await way.toDatabase()
        await row.resign(question)
        told.push('resigned')
        for (const listener of listeners) listener('coordinator')
      },
    }
    const elector = leaseElector({ storage, wakeups, clock: own, events, ids: { next: () => `${name}${++starts}` } })
    const duties: { end?: () => Promise<void> } = {}
    async function follow(isLeader: boolean): Promise<void> {
      if (!isLeader && duties.end) await duties.end()
      told.push(isLeader ? 'duties begun' : 'duties ended')
    }
    return {
      elector,
      told,
      failures,
      way,
      duties,
      async start() {
        await elector.start(follow)
        await settled()
      },
      /** From now on nothing that it asks gets anywhere. */
      cutOff: () => Object.assign(way, { toDatabase: () => new Promise(() => {}) }),
      freezeFor(ms: number) {
        missedMs += ms
      },
    }
  }
  return { clock, row, listeners, candidate }
}

const sleepBy = (clock: HandClock, ms: number) => () => clock.sleep(ms)
const away = async () => {
  throw new TaskFlowError('DATABASE_UNAVAILABLE', 'The database is away')
}

describe('a candidate', () => {
  test('leads when nobody does, and goes on in the same term while it renews', async () => {
    const { clock, candidate } = setup()
    const only = candidate('a')
    await only.start()
    expect(only.elector.isLeading).toBe(true)
    await clock.advance(10 * LEASE_MS)
    expect(only.elector.isLeading).toBe(true)
    expect(only.told).toEqual(['elected 1', 'duties begun'])
  })

  test('waits while another leads', async () => {
    const { clock, candidate } = setup()
    await candidate('a').start()
    const standby = candidate('b')
    await standby.start()
    await clock.advance(10 * LEASE_MS)
    expect(standby.told).toEqual([])
  })

  test('leads within ten seconds of the death of a leader that has just renewed, and not before its trust is over', async () => {
    const { clock, candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    await clock.advance(LEASE_MS / 3)
    leader.cutOff()
    await clock.advance(TRUST_MS)
    expect(standby.told).toEqual([])
    await clock.advance(10_000 - TRUST_MS)
    expect(standby.told).toEqual(['elected 2', 'duties begun'])
  })

  test('does not ask more than twenty times a second, also when the answer is to ask at once', async () => {
    const { clock, candidate, row } = setup()
    const standby = candidate('a')
    let asked = 0
    Object.assign(standby.way, { toDatabase: async () => void asked++ })
    row.lead = async () => ({ isLeader: false, expiresInMs: 0 })
    await standby.start()
    await clock.advance(1_000)
    expect(asked).toBeLessThanOrEqual(21)
  })
})

describe('a leader', () => {
  test('goes on while the database is away until its trust is over, and leads again when it is back', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.way.toDatabase = away
    await clock.advance(TRUST_MS - 1)
    expect(leader.told).toEqual(['elected 1', 'duties begun'])
    expect(leader.elector.isLeading).toBe(true)
    await clock.advance(1)
    expect(leader.told.slice(2)).toEqual(['duties ended', 'lost 1: expired'])
    expect(leader.elector.isLeading).toBe(false)
    await clock.advance(LEASE_MS)
    leader.way.toDatabase = async () => {}
    await clock.advance(1_000)
    expect(leader.told.slice(4)).toEqual(['elected 2', 'duties begun'])
    expect(leader.failures).toContainEqual(expect.objectContaining({ code: 'DATABASE_UNAVAILABLE' }))
  })

  test('ends in time when its question is never answered', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.cutOff()
    await clock.advance(TRUST_MS)
    expect(leader.told.slice(2)).toEqual(['duties ended', 'lost 1: expired'])
  })

  test('survives two renewals that fail', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    let failing = 2
    leader.way.toDatabase = async () => {
      if (failing-- > 0) await away()
    }
    await clock.advance(10 * LEASE_MS)
    expect(leader.told).toEqual(['elected 1', 'duties begun'])
  })

  test('trusts a slow reply for what it leaves of the time, counted from the question', async () => {
    const { clock, candidate } = setup()
    const slow = candidate('a')
    slow.way.back = sleepBy(clock, 5_000)
    await slow.start()
    await clock.advance(5_000)
    expect(slow.elector.isLeading).toBe(true)
    slow.cutOff()
    await clock.advance(TRUST_MS - 5_000 - 1)
    expect(slow.elector.isLeading).toBe(true)
    await clock.advance(1)
    expect(slow.told.slice(2)).toEqual(['duties ended', 'lost 1: expired'])
  })

  test('does not begin on a reply that took as long as the lease', async () => {
    const { clock, candidate } = setup()
    const slow = candidate('a')
    slow.way.back = sleepBy(clock, TRUST_MS)
    await slow.start()
    await clock.advance(3 * LEASE_MS)
    expect(slow.told).toEqual([])
    expect(slow.elector.isLeading).toBe(false)
  })

  test('ends when it hears that another leads', async () => {
    const { clock, candidate, row } = setup()
    const leader = candidate('a')
    await leader.start()
    await row.resign({ name: 'coordinator', holder: 'a1' })
    await row.lead({ name: 'coordinator', holder: 'b', ttlMs: LEASE_MS })
    await clock.advance(LEASE_MS / 3)
    expect(leader.told.slice(2)).toEqual(['duties ended', 'lost 1: replaced'])
  })

  test('ends its old term and begins a new one when others may have led between', async () => {
    const { clock, candidate, row } = setup()
    const leader = candidate('a')
    await leader.start()
    await row.resign({ name: 'coordinator', holder: 'a1' })
    await clock.advance(LEASE_MS / 3)
    expect(leader.told.slice(2)).toEqual(['duties ended', 'lost 1: replaced', 'elected 2', 'duties begun'])
  })

  test('that was stopped for longer than its lease is none when it wakes, before any timer says so', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.freezeFor(15_000)
    expect(leader.elector.isLeading).toBe(false)
    leader.cutOff()
    await clock.advance(LEASE_MS)
    expect(leader.elector.isLeading).toBe(false)
    expect(leader.told.slice(2)).toEqual(['duties ended', 'lost 1: expired'])
  })

  test('that was stopped while the reply was on its way does not believe it', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.way.back = sleepBy(clock, 10)
    await clock.advance(LEASE_MS / 3)
    leader.freezeFor(15_000)
    leader.way.toDatabase = away
    await clock.advance(10)
    expect(leader.elector.isLeading).toBe(false)
  })

  test('does not mind what the time of day does', async () => {
    const { clock, candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    for (const day of ['2020-01-01', '2030-01-01', '2026-01-01']) {
      clock.setNow(new Date(day))
      await clock.advance(LEASE_MS)
    }
    expect(leader.told).toEqual(['elected 1', 'duties begun'])
    expect(standby.told).toEqual([])
  })
})

describe('a leader that stops', () => {
  test('ends its duties, resigns, and is replaced at once', async () => {
    const { candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    await leader.elector.stop()
    await settled()
    expect(leader.told.slice(2)).toEqual(['duties ended', 'lost 1: resigned', 'resigned'])
    expect(standby.told).toEqual(['elected 2', 'duties begun'])
  })

  test('is replaced within a second also when word of it is lost and its duties are slow', async () => {
    const { clock, candidate, listeners } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    listeners.clear()
    leader.duties.end = sleepBy(clock, 60_000)
    const stopped = leader.elector.stop()
    expect(leader.elector.isLeading).toBe(false)
    await clock.advance(1_000)
    await stopped
    expect(standby.told).toEqual(['elected 2', 'duties begun'])
  })

  test('awaits its question under way, whose answer would take the row again', async () => {
    const { clock, candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    leader.way.toDatabase = sleepBy(clock, 100)
    await clock.advance(LEASE_MS / 3)
    const stopped = leader.elector.stop()
    await clock.advance(1_000)
    await stopped
    expect(standby.told).toEqual(['elected 2', 'duties begun'])
  })

  test('stops within 1.5 s when the database does not answer, and leaves no timer behind', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.cutOff()
    await clock.advance(LEASE_MS / 3)
    let hasStopped = false
    const stopped = leader.elector.stop().then(() => {
      hasStopped = true
    })
    await clock.advance(1_500)
    expect(hasStopped).toBe(true)
    await stopped
    expect(clock.sleepers).toBe(0)
  })

  test('tells when it could not resign', async () => {
    const { candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.way.toDatabase = away
    await leader.elector.stop()
    expect(leader.failures).toMatchObject([{ code: 'DATABASE_UNAVAILABLE' }])
  })

  test('may stop twice or unused, and lead again when it starts again', async () => {
    const { clock, candidate, listeners } = setup()
    const leader = candidate('a')
    await leader.elector.stop()
    await leader.start()
    await leader.elector.stop()
    await leader.elector.stop()
    expect({ sleepers: clock.sleepers, listeners: listeners.size }).toEqual({ sleepers: 0, listeners: 0 })
    await leader.start()
    expect(leader.told.slice(-2)).toEqual(['elected 2', 'duties begun'])
  })

  test('does not believe, once started again, what it asked before it stopped', async () => {
    const { clock, candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    leader.way.back = sleepBy(clock, 2_000)
    await leader.start()
    const stopped = leader.elector.stop()
    await clock.advance(1_500)
    await stopped
    await standby.start()
    await leader.start()
    await clock.advance(2_000)
    expect(standby.elector.isLeading).toBe(true)
    expect(leader.told).toEqual(['resigned'])
  })
})
