import { type HttpServer, httpServer } from '@taskflow/http'
import { type ApiDeps, buildApp } from './api/app.ts'

interface Deps extends ApiDeps {
  readonly host: string
  readonly port: number
  readonly stopDelayMs: number
}

/** Serves the API on a socket. */
export const apiServer = ({ host, port, stopDelayMs, ...deps }: Deps): HttpServer =>
  httpServer({
    name: 'api',
    host,
    port,
    portFlag: '--port',
    stopDelayMs,
    clock: deps.clock,
    build: () => buildApp(deps),
  })
