import type { Clock, Ids, Storage } from '@taskflow/core'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { requireAuthentication } from '../auth/authenticate.ts'
import { Authenticator } from '../auth/authenticator.ts'
import type { Metrics } from '../telemetry/metrics.ts'
import { VERSION } from '../version.ts'
import { bareApp } from './bare-app.ts'
import { type HealthSources, healthRoute } from './system/health.ts'
import { metricsRoute } from './system/metrics.ts'
import { readyRoute } from './system/ready.ts'

export interface HealthDeps extends HealthSources {
  readonly storage: Pick<Storage, 'ping' | 'findPrincipal'>
  readonly metrics: Metrics
  readonly clock: Clock
  readonly ids: Ids
  readonly log: FastifyBaseLogger
  readonly settings: { readonly roles: readonly string[] }
  /** A key of an administrator that is not stored. */
  readonly adminToken?: string | undefined
}

/** What a process without the API says of itself over HTTP: health and readiness to all, metrics to who may read them. */
export async function buildHealthApp(deps: HealthDeps): Promise<FastifyInstance> {
  const { storage, clock, metrics, settings, adminToken, pingBroker, workerHealth } = deps
  const app = bareApp(deps)
  await app.register(healthRoute, { storage, clock, version: VERSION, roles: settings.roles, pingBroker, workerHealth })
  await app.register(readyRoute, { storage, workerHealth })
  await app.register(async (scope) => {
    requireAuthentication(scope, new Authenticator({ storage, clock, adminToken }))
    await scope.register(metricsRoute, { metrics })
  })
  return app
}
