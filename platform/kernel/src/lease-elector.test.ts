import { EventEmitter } from 'node:events'
import { type HandClock, handClock, settled } from '@taskflow/testing'
import { leaderRow } from '@taskflow/testing/leader-row'
import { describe, expect, test } from 'vitest'
import { TaskFlowError } from './errors.ts'
import type { TaskFlowEvents } from './events.ts'
import type { LeaderStore } from './leader-store.ts'
import { LeaseElector } from './lease-elector.ts'
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

  /** Makes a candidate whose connection to the database the test controls. */
  function candidate(name: string) {
    const events = new EventEmitter<TaskFlowEvents>()
    const seen: string[] = []
    const failures: unknown[] = []
    events.on('leader.elected', ({ term }) => seen.push(`elected ${term}`))
    events.on('leader.lost', ({ term, reason }) => seen.push(`lost ${term}: ${reason}`))
    events.on('round.failed', ({ error }) => failures.push(error))
    const link = { toDatabase: async () => {}, back: async () => {} }
    // Suspends this process alone, as SIGSTOP does: time passes, and no timer fires.
    let missedMs = 0
    let starts = 0
    const own = { ...clock, monotonicMs: () => clock.monotonicMs() + missedMs }
    const storage: LeaderStore = {
      async lead(question) {
        await link.toDatabase()
        const answer = await row.lead(question)
        await link.back()
        return answer
      },
      async resign(question) {
        await link.toDatabase()
        await row.resign(question)
        seen.push('resigned')
        for (const listener of listeners) listener('coordinator')
      },
    }
    const elector = new LeaseElector({
      storage,
      wakeups,
      clock: own,
      events,
      ids: { next: () => `${name}${++starts}` },
    })
    const duties: { end?: () => Promise<void> } = {}
    async function follow(isLeader: boolean): Promise<void> {
      if (!isLeader && duties.end) await duties.end()
      seen.push(isLeader ? 'duties begun' : 'duties ended')
    }
    return {
      elector,
      seen,
      failures,
      link,
      duties,
      async start() {
        await elector.start(follow)
        await settled()
      },
      /** Makes all further requests hang. */
      cutOff: () => Object.assign(link, { toDatabase: () => new Promise(() => {}) }),
      freezeFor(ms: number) {
        missedMs += ms
      },
    }
  }
  return { clock, row, listeners, candidate }
}

const sleepBy = (clock: HandClock, ms: number) => () => clock.sleep(ms)
const unavailable = async () => {
  throw new TaskFlowError('DATABASE_UNAVAILABLE', 'The database does not answer')
}

describe('a candidate', () => {
  test('leads when nobody else does, and stays in one term while it renews', async () => {
    const { clock, candidate } = setup()
    const only = candidate('a')
    await only.start()
    expect(only.elector.isLeading).toBe(true)
    await clock.advance(10 * LEASE_MS)
    expect(only.elector.isLeading).toBe(true)
    expect(only.seen).toEqual(['elected 1', 'duties begun'])
  })

  test('waits while another candidate leads', async () => {
    const { clock, candidate } = setup()
    await candidate('a').start()
    const standby = candidate('b')
    await standby.start()
    await clock.advance(10 * LEASE_MS)
    expect(standby.seen).toEqual([])
  })

  test('replaces a leader that crashed just after a renewal within ten seconds, but not before its trust ends', async () => {
    const { clock, candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    await clock.advance(LEASE_MS / 3)
    leader.cutOff()
    await clock.advance(TRUST_MS)
    expect(standby.seen).toEqual([])
    await clock.advance(10_000 - TRUST_MS)
    expect(standby.seen).toEqual(['elected 2', 'duties begun'])
  })

  test('sends at most twenty requests a second, even if the lease is always about to expire', async () => {
    const { clock, candidate, row } = setup()
    const standby = candidate('a')
    let requests = 0
    Object.assign(standby.link, { toDatabase: async () => void requests++ })
    row.lead = async () => ({ isLeader: false, expiresInMs: 0 })
    await standby.start()
    await clock.advance(1_000)
    expect(requests).toBeLessThanOrEqual(21)
  })
})

describe('a leader', () => {
  test('leads until its trust ends while the database is unavailable, and again after its return', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.link.toDatabase = unavailable
    await clock.advance(TRUST_MS - 1)
    expect(leader.seen).toEqual(['elected 1', 'duties begun'])
    expect(leader.elector.isLeading).toBe(true)
    await clock.advance(1)
    expect(leader.seen.slice(2)).toEqual(['duties ended', 'lost 1: expired'])
    expect(leader.elector.isLeading).toBe(false)
    await clock.advance(LEASE_MS)
    leader.link.toDatabase = async () => {}
    await clock.advance(1_000)
    expect(leader.seen.slice(4)).toEqual(['elected 2', 'duties begun'])
    expect(leader.failures).toContainEqual(expect.objectContaining({ code: 'DATABASE_UNAVAILABLE' }))
  })

  test('ends its term in time if its request never returns', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.cutOff()
    await clock.advance(TRUST_MS)
    expect(leader.seen.slice(2)).toEqual(['duties ended', 'lost 1: expired'])
  })

  test('keeps its term when two renewals fail', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    let failing = 2
    leader.link.toDatabase = async () => {
      if (failing-- > 0) await unavailable()
    }
    await clock.advance(10 * LEASE_MS)
    expect(leader.seen).toEqual(['elected 1', 'duties begun'])
  })

  test('counts the time of its trust from the request, not from a slow reply', async () => {
    const { clock, candidate } = setup()
    const slow = candidate('a')
    slow.link.back = sleepBy(clock, 5_000)
    await slow.start()
    await clock.advance(5_000)
    expect(slow.elector.isLeading).toBe(true)
    slow.cutOff()
    await clock.advance(TRUST_MS - 5_000 - 1)
    expect(slow.elector.isLeading).toBe(true)
    await clock.advance(1)
    expect(slow.seen.slice(2)).toEqual(['duties ended', 'lost 1: expired'])
  })

  test('does not begin a term when the reply took as long as the lease', async () => {
    const { clock, candidate } = setup()
    const slow = candidate('a')
    slow.link.back = sleepBy(clock, TRUST_MS)
    await slow.start()
    await clock.advance(3 * LEASE_MS)
    expect(slow.seen).toEqual([])
    expect(slow.elector.isLeading).toBe(false)
  })

  test('ends its term when a reply says that another candidate leads', async () => {
    const { clock, candidate, row } = setup()
    const leader = candidate('a')
    await leader.start()
    await row.resign({ name: 'coordinator', holder: 'a1' })
    await row.lead({ name: 'coordinator', holder: 'b', ttlMs: LEASE_MS })
    await clock.advance(LEASE_MS / 3)
    expect(leader.seen.slice(2)).toEqual(['duties ended', 'lost 1: replaced'])
  })

  test('ends its term and begins a new one if others may have led in between', async () => {
    const { clock, candidate, row } = setup()
    const leader = candidate('a')
    await leader.start()
    await row.resign({ name: 'coordinator', holder: 'a1' })
    await clock.advance(LEASE_MS / 3)
    expect(leader.seen.slice(2)).toEqual(['duties ended', 'lost 1: replaced', 'elected 2', 'duties begun'])
  })

  test('does not lead after a suspension longer than its lease, even before a timer fires', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.freezeFor(15_000)
    expect(leader.elector.isLeading).toBe(false)
    leader.cutOff()
    await clock.advance(LEASE_MS)
    expect(leader.elector.isLeading).toBe(false)
    expect(leader.seen.slice(2)).toEqual(['duties ended', 'lost 1: expired'])
  })

  test('does not trust a reply that arrived while the process was suspended', async () => {
    const { clock, candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.link.back = sleepBy(clock, 10)
    await clock.advance(LEASE_MS / 3)
    leader.freezeFor(15_000)
    leader.link.toDatabase = unavailable
    await clock.advance(10)
    expect(leader.elector.isLeading).toBe(false)
  })

  test('keeps its term when the time of day jumps', async () => {
    const { clock, candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    for (const day of ['2020-01-01', '2030-01-01', '2026-01-01']) {
      clock.setNow(new Date(day))
      await clock.advance(LEASE_MS)
    }
    expect(leader.seen).toEqual(['elected 1', 'duties begun'])
    expect(standby.seen).toEqual([])
  })
})

describe('a leader that stops', () => {
  test('ends its duties, resigns and is replaced at once', async () => {
    const { candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    await leader.elector.stop()
    await settled()
    expect(leader.seen.slice(2)).toEqual(['duties ended', 'lost 1: resigned', 'resigned'])
    expect(standby.seen).toEqual(['elected 2', 'duties begun'])
  })

  test('is replaced within a second even if the wake-up is lost and its duties are slow', async () => {
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
    expect(standby.seen).toEqual(['elected 2', 'duties begun'])
  })

  test('waits for a request in flight, which would take the row again', async () => {
    const { clock, candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    await leader.start()
    await standby.start()
    leader.link.toDatabase = sleepBy(clock, 100)
    await clock.advance(LEASE_MS / 3)
    const stopped = leader.elector.stop()
    await clock.advance(1_000)
    await stopped
    expect(standby.seen).toEqual(['elected 2', 'duties begun'])
  })

  test('stops within 1.5 s when the database does not answer, and leaves no timer', async () => {
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

  test('reports an error if it cannot resign', async () => {
    const { candidate } = setup()
    const leader = candidate('a')
    await leader.start()
    leader.link.toDatabase = unavailable
    await leader.elector.stop()
    expect(leader.failures).toMatchObject([{ code: 'DATABASE_UNAVAILABLE' }])
  })

  test('can stop twice or before a start, and leads again after another start', async () => {
    const { clock, candidate, listeners } = setup()
    const leader = candidate('a')
    await leader.elector.stop()
    await leader.start()
    await leader.elector.stop()
    await leader.elector.stop()
    expect({ sleepers: clock.sleepers, listeners: listeners.size }).toEqual({ sleepers: 0, listeners: 0 })
    await leader.start()
    expect(leader.seen.slice(-2)).toEqual(['elected 2', 'duties begun'])
  })

  test('ignores, after another start, the reply to a request from before its stop', async () => {
    const { clock, candidate } = setup()
    const [leader, standby] = [candidate('a'), candidate('b')]
    leader.link.back = sleepBy(clock, 2_000)
    await leader.start()
    const stopped = leader.elector.stop()
    await clock.advance(1_500)
    await stopped
    await standby.start()
    await leader.start()
    await clock.advance(2_000)
    expect(standby.elector.isLeading).toBe(true)
    expect(leader.seen).toEqual(['resigned'])
  })
})
