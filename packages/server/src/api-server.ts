import { type HttpServer, httpServer } from '@taskflow/http'
import { type ApiDeps, buildApp } from './api/app.ts'

interface Deps extends ApiDeps {
  readonly host: string
  readonly port: number
}

/** Serves the API on a socket. */
export const apiServer = ({ host, port, ...deps }: Deps): HttpServer =>
  httpServer({ name: 'api', host, port, portFlag: '--port', build: () => buildApp(deps) })
