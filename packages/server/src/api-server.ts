import type { AddressInfo } from 'node:net'
import { type Service, TaskFlowError } from '@taskflow/core'
import type { FastifyInstance } from 'fastify'
import { type ApiDeps, buildApp } from './api/app.ts'

interface Deps extends ApiDeps {
  readonly host: string
  readonly port: number
}

export interface ApiServer extends Service {
  /** Where it listens, once started. */
  readonly url: string | undefined
}

/** The API on a socket. Stopping it lets requests under way end; those that are held are answered at once. */
export function apiServer({ host, port, ...deps }: Deps): ApiServer {
  let app: FastifyInstance | undefined
  let url: string | undefined
  return {
    name: 'api',
    get url() {
      return url
    },
    async start() {
      if (app) return
      app = await buildApp(deps)
      await app.listen({ host, port }).catch((error: unknown) => explainRefusal(error, host, port))
      const { address, family, port: actual } = app.server.address() as AddressInfo
      url = `http://${family === 'IPv6' ? `[${address}]` : address}:${actual}`
    },
    async stop() {
      await app?.close()
      app = undefined
      url = undefined
    },
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is taken',
  EACCES: 'may not be used by this user',
  EADDRNOTAVAIL: 'is no address of this machine',
}

function explainRefusal(error: unknown, host: string, port: number): never {
  const reason = REASONS[String((error as NodeJS.ErrnoException).code)]
  if (reason === undefined) throw error
  throw new TaskFlowError('SETTINGS_INVALID', `${host}:${port} ${reason}: choose another with --port and --host`, {
    cause: error,
  })
}
