import BeeQueue from 'bee-queue'
import { SLOTS } from '../load.ts'
import type { Payload } from '../payload.ts'
import type { Peer } from '../peer.ts'
import { handle } from '../work-report.ts'

const QUEUE = 'bench'

// Its README, under "Optimization" of the settings: what nobody listens to is not sent, nor kept.
const LEAN = { getEvents: false, sendEvents: false, storeJobs: false }

export const peer: Peer = {
  async openProducer({ redisUrl }) {
    const queue = new BeeQueue<Payload>(QUEUE, { redis: { url: redisUrl }, isWorker: false, ...LEAN })
    await queue.ready()
    return {
      submit: (payload) => queue.createJob(payload).save(),
      submitMany: (payloads) => queue.saveAll(payloads.map((payload) => queue.createJob(payload))),
      async hasUnfinished() {
        const { waiting, active } = await queue.checkHealth()
        return waiting + active > 0
      },
      close: () => queue.close(),
    }
  },
  async openWorker({ redisUrl }) {
    const queue = new BeeQueue<Payload>(QUEUE, { redis: { url: redisUrl }, ...LEAN })
    queue.process(SLOTS, async ({ data }: { data: Payload }) => handle(data))
    await queue.ready()
    return queue
  },
}
