/**
 * The least that a durable queue on PostgreSQL does: a table of five columns with one index beside its key, whole batches in
 * each statement, the next batch gathering while the last is in flight. It has no retries, leases, notifications or types:
 * it is no queue to use, but the limit that others are measured against.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { naturalBatch } from '@taskflow/kernel'
import pg from 'pg'
import { claimBare, createBareTable, insertBare, settleBare } from '../bare-table.ts'
import type { Payload } from '../payload.ts'
import type { Peer } from '../peer.ts'
import { handle } from '../work-report.ts'

const IDLE_MS = 5

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  return client
}

export const peer: Peer = {
  async openProducer({ postgresUrl }) {
    const [client, looking] = [await connect(postgresUrl), await connect(postgresUrl)]
    await createBareTable(client)
    const gathered = naturalBatch<Payload, void>({
      async run(payloads) {
        await insertBare(client, payloads)
        return payloads.map(() => undefined)
      },
      maxWeight: 1_000,
      isShared: () => true,
    })
    return {
      submit: (payload) => gathered.add(payload),
      submitMany: (payloads) => insertBare(client, payloads),
      async hasUnfinished() {
        return (await looking.query(`select exists (select from bare where state <> 'done') as has`)).rows[0].has
      },
      close: () => Promise.all([client.end(), looking.end()]),
    }
  },
  async openWorker({ postgresUrl }) {
    const [claiming, settling] = [await connect(postgresUrl), await connect(postgresUrl)]
    let isClosing = false
    async function work(): Promise<void> {
      let settled: Promise<unknown> = Promise.resolve()
      while (!isClosing) {
        const claimed = await claimBare(claiming)
        if (claimed.length === 0) await pause(IDLE_MS)
        await Promise.all(claimed.map(({ payload }) => handle(payload)))
        await settled
        settled = settleBare(settling, claimed)
      }
      await settled
    }
    const ended = work()
    return {
      async close() {
        isClosing = true
        await ended
        await Promise.all([claiming.end(), settling.end()])
      },
    }
  },
}
