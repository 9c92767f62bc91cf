import { randomUUID } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { type LeaderStore, LeaseElector, type TaskFlowEvents, type Wakeups } from '@taskflow/kernel'
import { emptyDatabase, engines, handClock, moveTime, settled, useStorage } from '@taskflow/testing'
import { leaderRow } from '@taskflow/testing/leader-row'
import { script } from '@taskflow/testing/raw-sql'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'

const TICK_MS = 100

/** Generates the conditions of one of two processes for a period. */
const fate = fc.record({
  isRunning: fc.constantFrom(true, true, true, false),
  isCutOff: fc.constantFrom(false, false, true),
  /** Whether none of its timers fires, as under SIGSTOP. */
  isFrozen: fc.constantFrom(false, false, true),
  requestMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 4_000 })),
  replyMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 9_000 })),
})
const chapter = fc.record({ forMs: fc.integer({ min: TICK_MS, max: 15_000 }), a: fate, b: fate })
// A clock may be three per cent faster or slower than the database's.
const rate = fc.constantFrom(0.97, 1, 1.03)
const chronicle = fc.record({ chapters: fc.array(chapter, { minLength: 1, maxLength: 6 }), a: rate, b: rate })

type Chronicle = typeof chronicle extends fc.Arbitrary<infer Value> ? Value : never

const CALM = { isRunning: true, isCutOff: false, isFrozen: false, requestMs: 0, replyMs: 0 }

/** Makes two processes and a database whose time the test controls. */
function world(open: (nowMs: () => number) => LeaderStore) {
  let nowMs = 0
  const storage = open(() => nowMs)
  const underWay = new Set<Promise<unknown>>()
  const listeners = new Set<(detail: string) => void>()
  const wakeups: Wakeups = {
    async on(_, listener) {
      listeners.add(listener)
      return async () => void listeners.delete(listener)
    },
  }

  /** Keeps track of a request, so that time advances only after the reply of a real database. */
  function track<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    const answer = question()
    const done = answer.finally(() => underWay.delete(done))
    underWay.add(done)
    return answer
  }

  function candidate(rate: number) {
    const clock = handClock()
    let missedMs = 0
    let current = CALM
    let isStarted = false
    let turn: Promise<void> = Promise.resolve()
    async function travel<Answer>(question: () => Promise<Answer>): Promise<Answer> {
      const { isCutOff, requestMs, replyMs } = current
      await clock.sleep(requestMs)
      if (isCutOff) throw new Error('cut off')
      const answer = await track(question)
      await clock.sleep(replyMs)
      return answer
    }
    const elector = new LeaseElector({
      storage: {
        lead: (question) => travel(() => storage.lead(question)),
        resign: (question) =>
          travel(async () => {
            await storage.resign(question)
            for (const listener of listeners) listener('')
          }),
      },
      wakeups,
      clock: { ...clock, monotonicMs: () => clock.monotonicMs() + missedMs },
      events: new EventEmitter<TaskFlowEvents>(),
      ids: { next: randomUUID },
    })
    return {
      elector,
      meet(next: typeof CALM) {
        current = next
        if (isStarted === next.isRunning) return
        isStarted = next.isRunning
        turn = turn.then(() => (next.isRunning ? elector.start(async () => {}) : elector.stop()))
      },
      async tick() {
        if (current.isFrozen) missedMs += TICK_MS * rate
        else await clock.advance(TICK_MS * rate)
      },
    }
  }

  return {
    candidate,
    /** Advances the time and lets everything that is due happen. */
    async tick(candidates: readonly ReturnType<typeof candidate>[]) {
      nowMs += TICK_MS
      for (const each of candidates) {
        await each.tick()
        while (underWay.size > 0) {
          await Promise.allSettled(underWay)
          await settled()
        }
      }
    },
  }
}

type World = ReturnType<typeof world>

/** Fails if two processes lead at once, or if none leads after the conditions have become normal. */
async function live({ candidate, tick }: World, { chapters, ...rates }: Chronicle): Promise<void> {
  const [a, b] = [candidate(rates.a), candidate(rates.b)]
  const leaders = () => [a, b].filter(({ elector }) => elector.isLeading).length

  async function pass(forMs: number, fates: { a: typeof CALM; b: typeof CALM }): Promise<void> {
    a.meet(fates.a)
    b.meet(fates.b)
    for (let ms = 0; ms < forMs; ms += TICK_MS) {
      await tick([a, b])
      expect(leaders()).toBeLessThanOrEqual(1)
    }
  }

  for (const { forMs, ...fates } of chapters) await pass(forMs, fates)
  await pass(25_000, { a: CALM, b: CALM })
  expect(leaders()).toBe(1)
  await pass(3_000, { a: { ...CALM, isRunning: false }, b: { ...CALM, isRunning: false } })
  expect(leaders()).toBe(0)
}

const TITLE = 'at most one of two processes leads under any conditions, and exactly one leads under normal conditions'

describe('in memory', () => {
  test(TITLE, async () => {
    await fc.assert(
      fc.asyncProperty(chronicle, (given) => live(world(leaderRow), given)),
      { numRuns: 100 },
    )
  })
})

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    afterEach(() => moveTime(given.db, 0))

    /** Uses the row of a real database, with the time of the test. */
    function leaderStore(nowMs: () => number): LeaderStore {
      const setTime = () =>
        script(
          given.db,
          `create or replace function clock_now() returns timestamptz
           language sql stable as 'select timestamptz ''2026-01-01 00:00:00Z'' + interval ''${nowMs()} ms'''`,
        )
      return {
        lead: (question) => setTime().then(() => given.storage.lead(question)),
        resign: (question) => setTime().then(() => given.storage.resign(question)),
      }
    }

    test(TITLE, async () => {
      await fc.assert(
        fc.asyncProperty(chronicle, async (each) => {
          await emptyDatabase(given.db)
          await live(world(leaderStore), each)
        }),
        { numRuns: 5 },
      )
    })
  })
}
