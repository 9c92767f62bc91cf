import type { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import { databaseWakeups } from '@taskflow/database'
import { type Clock, type Ids, type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { type ApiDeps, buildApp } from '@taskflow/server/api'
import { createLog } from '@taskflow/server/log'
import { metricsOf } from '@taskflow/server/metrics'
import type { FastifyInstance } from 'fastify'
import { ADMIN_TOKEN } from './start-taskflow.ts'
import { systemClock } from './system-clock.ts'

interface Given {
  readonly db: Database
  readonly storage: Storage
  readonly events: EventEmitter<TaskFlowEvents>
  readonly clock?: Clock
  /** Without it nothing is logged. */
  readonly log?: ApiDeps['log']
  readonly maxPayloadBytes: number
  /** The health that a worker in the same process would report. */
  readonly workerHealth?: ApiDeps['workerHealth']
}

export interface OpenApi {
  readonly app: FastifyInstance
  close(): Promise<void>
}

const ids: Ids = uuidV7Ids(systemClock, Math.random)

/** The real HTTP API over a storage, in this process. ADMIN_TOKEN is the key of an administrator. */
export async function openApi({ db, events, log, maxPayloadBytes, ...deps }: Given): Promise<OpenApi> {
  const metrics = metricsOf(events)
  const app = await buildApp({
    clock: systemClock,
    ...deps,
    wakeups: databaseWakeups(db),
    metrics,
    ids,
    log: log ?? createLog({ logLevel: 'silent' }),
    settings: { maxPayloadBytes, roles: ['api'] },
    adminToken: ADMIN_TOKEN,
  })
  await app.ready()
  return {
    app,
    async close() {
      await app.close()
      metrics.close()
    },
  }
}
