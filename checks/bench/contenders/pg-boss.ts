import pg from 'pg'
import { type ConstructorOptions, PgBoss } from 'pg-boss'
import { AT_ONCE } from '../load.ts'
import type { Payload } from '../payload.ts'
import type { Peer } from '../peer.ts'
import { handle } from '../work-report.ts'

const QUEUE = 'bench'

// Of its page on workers: batches, no pause while they come back full, and notifications instead of polls of half a second.
const TUNED = { batchSize: 500, burstWhenBatchFull: true, localConcurrency: 2, pollingIntervalSeconds: 0.5 }
const LEAN = { schedule: false, supervise: false, useListenNotify: true }

async function open(options: ConstructorOptions): Promise<PgBoss> {
  const boss = new PgBoss({ ...LEAN, ...options })
  boss.on('error', (error) => console.error(error))
  return boss.start()
}

export const peer: Peer = {
  async openProducer({ postgresUrl }) {
    const boss = await open({ connectionString: postgresUrl, max: AT_ONCE })
    await boss.createQueue(QUEUE, { notify: true })
    const looking = new pg.Client(postgresUrl)
    await looking.connect()
    return {
      submit: (payload) => boss.send(QUEUE, payload),
      submitMany: (payloads) =>
        boss.insert(
          QUEUE,
          payloads.map((data) => ({ data })),
        ),
      async hasUnfinished() {
        const text = `select exists (select from pgboss.job where name = $1 and state < 'completed') as has`
        return (await looking.query({ name: 'has', text, values: [QUEUE] })).rows[0].has
      },
      close: () => Promise.all([boss.stop(), looking.end()]),
    }
  },
  async openWorker({ postgresUrl }) {
    const boss = await open({ connectionString: postgresUrl, max: 10 })
    await boss.work<Payload>(QUEUE, TUNED, async (jobs) => {
      await Promise.all(jobs.map(({ data }) => handle(data)))
    })
    return { close: () => boss.stop() }
  },
}
