import { bareApp, refuseOtherMethods, requireAuthentication } from '@taskflow/http'
import { Authenticator } from '@taskflow/identity'
import type { Clock, Ids } from '@taskflow/kernel'
import { PERMISSIONS, type Storage } from '@taskflow/rooms'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { ALL_ERRORS } from '../errors.ts'
import type { ProcessMetrics } from '../telemetry/metrics.ts'
import { VERSION } from '../version.ts'
import { type HealthSources, healthRoute } from './system/health.ts'
import { metricsRoute } from './system/metrics.ts'
import { readyRoute } from './system/ready.ts'

export interface HealthDeps extends HealthSources {
  readonly storage: Pick<Storage, 'ping' | 'findPrincipal'>
  readonly metrics: ProcessMetrics
  readonly clock: Clock
  readonly ids: Ids
  readonly log: FastifyBaseLogger
  readonly settings: { readonly roles: readonly string[] }
  /** An API key of an administrator that is not in the database. */
  readonly adminToken?: string | undefined
}

/** Builds the HTTP app of a process without the API: health and readiness without authentication, metrics with it. */
export async function buildHealthApp(deps: HealthDeps): Promise<FastifyInstance> {
  const { storage, clock, metrics, settings, adminToken, pingBroker, workerHealth } = deps
  const app = bareApp({ ...deps, errors: ALL_ERRORS })
  const pingDatabase = (): Promise<void> => storage.ping()
  const { roles } = settings
  await app.register(healthRoute, { pingDatabase, clock, version: VERSION, roles, pingBroker, workerHealth })
  await app.register(readyRoute, { pingDatabase, workerHealth })
  await app.register(async (scope) => {
    requireAuthentication(scope, new Authenticator({ storage, clock, adminToken, permissions: PERMISSIONS }))
    await scope.register(metricsRoute, { metrics })
  })
  refuseOtherMethods(app)
  return app
}
