import { randomUUID } from 'node:crypto'
import type { LeaderStore } from '@taskflow/kernel'
import { openStorage } from '@taskflow/rooms'
import { emptyDatabase, engines, eventually, moveTime, stopTime, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from './database.ts'
import { databaseWakeups } from './database-wakeups.ts'
import { postgresDatabase } from './postgres-database.ts'

const TTL_MS = 10_000
const NAME = 'coordinator'

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(async () => {
      await emptyDatabase(given.db)
      await stopTime(given.db)
    })
    afterEach(() => moveTime(given.db, 0))

    /** Opens stores that stand for separate processes; PGlite has only one connection. */
    async function openStores(count: number): Promise<LeaderStore[]> {
      const { url } = given
      if (url === undefined) return Array.from({ length: count }, () => given.storage)
      others = Array.from({ length: count }, () => postgresDatabase({ url }))
      return others.map((db) => openStorage({ db, events: given.events, retentionMs: 1 }))
    }

    let others: Database[] = []
    afterEach(async () => {
      await Promise.all(others.map((db) => db.close()))
      others = []
    })

    const lead = (holder: string, { name = NAME, ttlMs = TTL_MS } = {}) => given.storage.lead({ name, holder, ttlMs })
    const resign = (holder: string, name = NAME) => given.storage.resign({ name, holder })

    test('the first candidate leads, and the others receive the time until its lease expires', async () => {
      const [first, second] = [randomUUID(), randomUUID()]
      expect(await lead(first)).toEqual({ isLeader: true, term: 1 })
      await stopTime(given.db, 4_000)
      expect(await lead(second)).toEqual({ isLeader: false, expiresInMs: TTL_MS - 4_000 })
    })

    test('a renewal before the expiry keeps the term and restarts the lease', async () => {
      const leader = randomUUID()
      await lead(leader)
      const [elected] = await rowsOf<{ elected_at: Date }>(given.db, 'select elected_at from leader')
      for (const elapsedMs of [8_000, 16_000, 24_000]) {
        await stopTime(given.db, elapsedMs)
        expect(await lead(leader)).toEqual({ isLeader: true, term: 1 })
      }
      expect(await lead(randomUUID())).toEqual({ isLeader: false, expiresInMs: TTL_MS })
      expect(await rowsOf(given.db, 'select elected_at from leader')).toEqual([elected])
    })

    test('a leader whose lease expired is replaced and no longer leads', async () => {
      const [first, second] = [randomUUID(), randomUUID()]
      await lead(first)
      await stopTime(given.db, TTL_MS)
      expect(await lead(second)).toEqual({ isLeader: true, term: 2 })
      expect(await lead(first)).toMatchObject({ isLeader: false })
    })

    test('a leader whose lease expired gets a new term, even if nobody else led in between', async () => {
      const leader = randomUUID()
      await lead(leader)
      await stopTime(given.db, TTL_MS)
      expect(await lead(leader)).toEqual({ isLeader: true, term: 2 })
    })

    test('a leader that resigned is replaced at once, and standbys receive a wake-up', async () => {
      const [first, second] = [randomUUID(), randomUUID()]
      await lead(first)
      const received: string[] = []
      const stop = await databaseWakeups(given.db).on('resigned', (detail) => received.push(detail))
      await resign(first)
      await eventually(() => received.includes(NAME))
      await stop()
      expect(await lead(second)).toEqual({ isLeader: true, term: 2 })
    })

    test('a candidate that does not lead, or no longer leads, changes nothing when it resigns', async () => {
      const [first, second] = [randomUUID(), randomUUID()]
      await resign(first)
      await lead(first)
      await resign(second)
      expect(await lead(second)).toMatchObject({ isLeader: false })
      await stopTime(given.db, TTL_MS)
      await lead(second)
      await resign(first)
      expect(await lead(first)).toMatchObject({ isLeader: false })
    })

    test('each name has its own leader', async () => {
      const [first, second] = [randomUUID(), randomUUID()]
      expect(await lead(first, { name: 'a' })).toEqual({ isLeader: true, term: 1 })
      expect(await lead(second, { name: 'b' })).toEqual({ isLeader: true, term: 1 })
      await resign(first, 'a')
      expect(await lead(first, { name: 'b' })).toMatchObject({ isLeader: false })
    })

    test('exactly one of 20 candidates at once leads, at the first election and after each expiry', async () => {
      const candidates = Array.from({ length: 20 }, () => ({ name: NAME, holder: randomUUID(), ttlMs: TTL_MS }))
      const stores = await openStores(candidates.length)
      for (let round = 1; round <= 10; round++) {
        const answers = await Promise.all(candidates.map((each, index) => stores[index]!.lead(each)))
        expect(answers.filter(({ isLeader }) => isLeader)).toEqual([{ isLeader: true, term: round }])
        await stopTime(given.db, round * 2 * TTL_MS)
      }
    })

    test('a candidate that requests the lease during a resignation leads at once or at its next request', async () => {
      const [store] = await openStores(1)
      for (let round = 0; round < 20; round++) {
        const [leader, standby, name] = [randomUUID(), randomUUID(), randomUUID()]
        await lead(leader, { name })
        const [answer] = await Promise.all([
          store!.lead({ name, holder: standby, ttlMs: TTL_MS }),
          resign(leader, name),
        ])
        expect(answer.isLeader ? answer : await lead(standby, { name })).toEqual({ isLeader: true, term: 2 })
      }
    })

    test('one candidate leads at a time, and no term is used twice, for any sequence of requests', async () => {
      const step = fc.record({
        who: fc.nat({ max: 3 }),
        what: fc.constantFrom('lead', 'lead', 'lead', 'resign'),
        afterMs: fc.integer({ min: 0, max: 15_000 }),
      })
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
          const name = randomUUID()
          const holders = Array.from({ length: 4 }, () => randomUUID())
          const model = { holder: '', expiresAt: 0, term: 0 }
          let nowMs = 0
          for (const { who, what, afterMs } of steps) {
            nowMs += afterMs
            await stopTime(given.db, nowMs)
            const holder = holders[who] as string
            const isFree = model.expiresAt <= nowMs
            if (what === 'resign') {
              await resign(holder, name)
              if (model.holder === holder && !isFree) model.expiresAt = nowMs
              continue
            }
            const answer = await lead(holder, { name })
            const leads = isFree || model.holder === holder
            if (leads) Object.assign(model, { holder, expiresAt: nowMs + TTL_MS, term: model.term + (isFree ? 1 : 0) })
            expect(answer).toEqual(
              leads ? { isLeader: true, term: model.term } : { isLeader: false, expiresInMs: model.expiresAt - nowMs },
            )
          }
        }),
        { numRuns: 25 },
      )
    })
  })
}
