import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DatabaseServer, startDatabaseServer } from './database-server.ts'
import { planOf } from './plan.ts'
import { play } from './play.ts'

// `npm run simulate` plays more seeds.
const SEEDS = Array.from({ length: 24 }, (_, index) => String(index + 1))

describe('a simulated run', () => {
  let server: DatabaseServer
  beforeAll(async () => {
    server = await startDatabaseServer()
  })
  afterAll(() => server.close())

  test.each(SEEDS)('breaks no promise with seed %s', async (seed) => {
    const outcome = await play(planOf(seed), server)
    expect(outcome.violations).toEqual([])
    expect(outcome.attempts).toBeGreaterThanOrEqual(outcome.tasks > 0 ? 1 : 0)
  })

  test('is the same each time, whatever ran before', async () => {
    const other = await startDatabaseServer()
    try {
      const [first, again] = [
        await play(planOf('7'), server, { isRecorded: true }),
        await play(planOf('7'), other, { isRecorded: true }),
      ]
      expect(first.story(true).length).toBeGreaterThan(100)
      expect(again.story(true)).toEqual(first.story(true))
    } finally {
      await other.close()
    }
  })
})
