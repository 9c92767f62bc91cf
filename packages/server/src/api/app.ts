import {
  bareApp,
  describeApi,
  type RoomRoutes,
  refuseOtherMethods,
  requireAuthentication,
  serveDocs,
} from '@taskflow/http'
import { Authenticator } from '@taskflow/identity'
import { loadRoutes, PERMISSIONS, type RoomRouteDeps, type Storage } from '@taskflow/rooms'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { ALL_ERRORS } from '../errors.ts'
import type { ProcessMetrics } from '../telemetry/metrics.ts'
import { VERSION } from '../version.ts'
import { type HealthSources, healthRoute } from './system/health.ts'
import { metricsRoute } from './system/metrics.ts'
import { readyRoute } from './system/ready.ts'

export interface ApiDeps extends HealthSources, Omit<RoomRouteDeps, 'access' | 'log' | 'settings' | 'storage'> {
  readonly storage: Storage
  readonly metrics: ProcessMetrics
  readonly log: FastifyBaseLogger
  readonly settings: RoomRouteDeps['settings'] & { readonly roles: readonly string[] }
  /** An API key of an administrator that is not in the database. */
  readonly adminToken?: string | undefined
}

/** Builds the HTTP API. Closing the app answers held requests at once. */
export async function buildApp(deps: ApiDeps): Promise<FastifyInstance> {
  const app = bareApp({ ...deps, errors: ALL_ERRORS })
  const routes = await loadRoutes()
  for (const schema of routes.flatMap(({ schemas }) => schemas)) app.addSchema(schema)
  await describeApi(app, VERSION)
  await app.register(async (scope) => openRoutes(scope, deps))
  await app.register(async (scope) => guardedRoutes(scope, deps, routes))
  refuseOtherMethods(app)
  return app
}

/** Registers the routes that need no credentials. All others do. */
async function openRoutes(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  const { storage, clock, settings, pingBroker, workerHealth } = deps
  const pingDatabase = (): Promise<void> => storage.requireWrites()
  const { roles } = settings
  await app.register(healthRoute, { pingDatabase, clock, version: VERSION, roles, pingBroker, workerHealth })
  await app.register(readyRoute, { pingDatabase })
  await serveDocs(app, ALL_ERRORS)
}

async function guardedRoutes(
  app: FastifyInstance,
  deps: ApiDeps,
  routes: readonly RoomRoutes<RoomRouteDeps>[],
): Promise<void> {
  const { storage, metrics, clock, adminToken } = deps
  const access = new Authenticator({ storage, clock, adminToken, permissions: PERMISSIONS })
  requireAuthentication(app, access)
  for (const room of routes) await room.register(app, { ...deps, access })
  await app.register(metricsRoute, { metrics })
}
