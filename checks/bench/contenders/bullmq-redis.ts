import { Queue, Worker } from 'bullmq'
import { SLOTS } from '../load.ts'
import type { Payload } from '../payload.ts'
import type { Peer } from '../peer.ts'
import { handle } from '../work-report.ts'

const QUEUE = 'bench'

export const peer: Peer = {
  async openProducer({ redisUrl }) {
    const queue = new Queue<Payload>(QUEUE, { connection: { url: redisUrl } })
    await queue.waitUntilReady()
    return {
      submit: (payload) => queue.add('noop', payload),
      submitMany: (payloads) => queue.addBulk(payloads.map((data) => ({ name: 'noop', data }))),
      hasUnfinished: async () => (await queue.getJobCountByTypes('wait', 'active', 'delayed', 'prioritized')) > 0,
      close: () => queue.close(),
    }
  },
  async openWorker({ redisUrl }) {
    const worker = new Worker<Payload>(QUEUE, async ({ data }) => handle(data), {
      connection: { url: redisUrl, maxRetriesPerRequest: null },
      concurrency: SLOTS,
    })
    await worker.waitUntilReady()
    return worker
  },
}
