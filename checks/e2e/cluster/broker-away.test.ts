import { checkInvariants, describeWith, useProcessDatabase, useProcesses } from '@taskflow/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type LivingBroker, SEPARATE_BROKERS, serverEngine } from './brokers.ts'
import { cluster } from './cluster.ts'

// What a task may wait for: the loss is noticed, then PostgreSQL dispatches; a busy machine comes on top.
const FALLBACK_MS = 2_000
const ALLOWANCE_MS = 3_000
const LINE_IS_SAFE_MS = 1_500

for (const { name, service, start } of SEPARATE_BROKERS) {
  describeWith(service ? [service] : [], `with ${name}`, () => {
    const processes = useProcesses()
    const database = useProcessDatabase(serverEngine(), processes)
    let broker: LivingBroker
    beforeAll(async () => {
      broker = await start()
    })
    afterAll(() => broker.stop())
    const { api, coordinator, worker } = cluster(processes, () => ({ ...database.env, ...broker.env }))

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
      // RabbitMQ 3.10 forgets who leads a queue that was declared less than half a second before its only node was killed.
      for (const until = performance.now() + LINE_IS_SAFE_MS; performance.now() < until; ) await run()

      await broker.kill()
      const first = await run()
      const later = [await run(), await run(), await run()]
      for (const each of [server.process, leader, taker])
        await each.waitForOutput(/broker[^\n]*does not answer/i, { timeoutMs: 15_000 })

      await broker.revive()
      for (const each of [server.process, leader, taker])
        await each.waitForOutput(/broker[^\n]*answers again/i, { timeoutMs: 30_000 })
      const back = await run()
      const tell = (ms: number) => `${Math.round(ms)} ms`
      await annotate(
        `a task took ${tell(before)}; ${tell(first)} right after the loss, then ${later.map(tell).join(', ')}; ${tell(back)} after the return`,
      )
      expect(await database.inspect(checkInvariants)).toEqual([])
    })

    test('processes start without the broker, and take to it when it comes', { timeout: 120_000 }, async () => {
      await broker.kill()
      const [{ client }, taker] = await Promise.all([api(), worker(), coordinator()])
      expect(await client.tasks.result(await client.tasks.submit('record', { n: 3 }), { timeoutMs: 10_000 })).toEqual({
        square: 9,
      })
      await broker.revive()
      await taker.waitForOutput(/broker[^\n]*answers again/i, { timeoutMs: 30_000 })
      expect(await client.tasks.result(await client.tasks.submit('record', { n: 4 }), { timeoutMs: 10_000 })).toEqual({
        square: 16,
      })
    })
  })
}
