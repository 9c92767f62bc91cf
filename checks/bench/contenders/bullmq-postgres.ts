import { createPostgresBackend, Queue, Worker } from 'bullmq'
import { AT_ONCE } from '../load.ts'
import type { Payload } from '../payload.ts'
import type { Peer } from '../peer.ts'
import { handle } from '../work-report.ts'

const QUEUE = 'bench'

// Its guide: a connection for each that runs at once, and 8 to 32 of them.
const CONCURRENCY = 32

export const peer: Peer = {
  async openProducer({ postgresUrl }) {
    const connection = { connectionString: postgresUrl, max: AT_ONCE, migrate: true }
    const queue = new Queue(QUEUE, { connection }, createPostgresBackend)
    await queue.waitUntilReady()
    return {
      submit: (payload) => queue.add('noop', payload),
      submitMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name: 'noop', data }))),
      hasUnfinished: async () => (await queue.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized')) > 0,
      close: () => queue.close(),
    }
  },
  async openWorker({ postgresUrl }) {
    const connection = { connectionString: postgresUrl, max: CONCURRENCY }
    const run = async ({ data }: { data: Payload }) => handle(data)
    const worker = new Worker(QUEUE, run, { connection, concurrency: CONCURRENCY }, createPostgresBackend)
    await worker.waitUntilReady()
    return worker
  },
}
