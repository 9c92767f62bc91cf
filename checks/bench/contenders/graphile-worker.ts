import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import type { Payload } from '../payload.ts'
import type { Peer } from '../peer.ts'
import { handle } from '../work-report.ts'

const quiet = new Logger(() => () => {})

// The settings from https://worker.graphile.org/docs/performance, under "Quick stats".
const FASTEST = {
  concurrentJobs: 24,
  maxPoolSize: 25,
  localQueue: { size: 500 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
}

export const peer: Peer = {
  async openProducer({ postgresUrl }) {
    const pool = new pg.Pool({ connectionString: postgresUrl, max: 25 })
    pool.on('error', (error) => console.error(error))
    pool.on('connect', (client) => client.on('error', (error) => console.error(error)))
    const workerUtils = await makeWorkerUtils({ pgPool: pool, logger: quiet })
    await workerUtils.migrate()
    return {
      submit: (payload) => workerUtils.addJob('noop', payload),
      submitMany: (payloads) => workerUtils.addJobs(payloads.map((payload) => ({ identifier: 'noop', payload }))),
      async hasUnfinished() {
        const { rows } = await pool.query('select exists (select from graphile_worker._private_jobs) as has')
        return rows[0].has
      },
      async close() {
        await workerUtils.release()
        await pool.end()
      },
    }
  },
  async openWorker({ postgresUrl }) {
    const runner = await run({
      preset: { worker: { connectionString: postgresUrl, ...FASTEST } },
      logger: quiet,
      noHandleSignals: true,
      taskList: { noop: async (payload) => handle(payload as Payload) },
    })
    return { close: () => runner.stop() }
  },
}
