import { checkInvariants } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { describeWithBrokers, SEPARATE_BROKERS } from './brokers.ts'

// How long a task may wait: until the loss is noticed and PostgreSQL dispatches, and longer on a busy machine.
const FALLBACK_MS = 2_000
const ALLOWANCE_MS = 3_000
const QUEUE_IS_SAFE_MS = 1_500

describeWithBrokers(SEPARATE_BROKERS, {}, (given) => {
  const { api, coordinator, worker, database } = given

  test('submission and dispatch go on without the broker, and return to it with it', {
    timeout: 180_000,
  }, async ({ annotate }) => {
    const [server, leader, taker] = await Promise.all([api(), coordinator(), worker()])
    const { client } = server
    const run = async (): Promise<number> => {
      const startedAt = performance.now()
      await client.tasks.result(await client.tasks.submit('record', { n: 2 }), {
        timeoutMs: FALLBACK_MS + ALLOWANCE_MS,
      })
      return performance.now() - startedAt
    }
    const before = await run()
    // RabbitMQ 3.10 forgets the leader of a queue that was declared less than half a second before its only node was
    // killed.
    for (const until = performance.now() + QUEUE_IS_SAFE_MS; performance.now() < until; ) await run()

    await given.broker.kill()
    const first = await run()
    const later = [await run(), await run(), await run()]
    for (const each of [server.process, leader, taker])
      await each.waitForOutput(/broker[^\n]*does not answer/i, { timeoutMs: 15_000 })

    await given.broker.revive()
    for (const each of [server.process, leader, taker])
      await each.waitForOutput(/broker[^\n]*answers again/i, { timeoutMs: 30_000 })
    const back = await run()
    const rounded = (ms: number) => `${Math.round(ms)} ms`
    await annotate(
      `a task took ${rounded(before)}; ${rounded(first)} right after the loss, then ${later.map(rounded).join(', ')}; ${rounded(back)} after the return`,
    )
    expect(await database.inspect(checkInvariants)).toEqual([])
  })

  test('processes start without the broker, and use it once it is there', { timeout: 120_000 }, async () => {
    await given.broker.kill()
    const [{ client }, taker] = await Promise.all([api(), worker(), coordinator()])
    expect(await client.tasks.result(await client.tasks.submit('record', { n: 3 }), { timeoutMs: 10_000 })).toEqual({
      square: 9,
    })
    await given.broker.revive()
    await taker.waitForOutput(/broker[^\n]*answers again/i, { timeoutMs: 30_000 })
    expect(await client.tasks.result(await client.tasks.submit('record', { n: 4 }), { timeoutMs: 10_000 })).toEqual({
      square: 16,
    })
  })
})
