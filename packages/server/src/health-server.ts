import { type HttpServer, httpServer } from '@taskflow/http'
import { buildHealthApp, type HealthDeps } from './api/health-app.ts'

interface Deps extends HealthDeps {
  readonly host: string
  readonly port: number
}

/** Serves health, readiness and metrics on a socket, for a process without the API. */
export const healthServer = ({ host, port, ...deps }: Deps): HttpServer =>
  httpServer({
    name: 'health',
    host,
    port,
    portFlag: '--health-port',
    // Nobody but probes sends requests.
    stopDelayMs: 0,
    clock: deps.clock,
    build: () => buildHealthApp(deps),
  })
