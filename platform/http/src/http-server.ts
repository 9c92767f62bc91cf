import type { AddressInfo } from 'node:net'
import { type Service, TaskFlowError } from '@taskflow/kernel'
import type { FastifyInstance } from 'fastify'

interface Options {
  readonly name: string
  readonly host: string
  readonly port: number
  /** The flag of its port, for who must choose another. */
  readonly portFlag: string
  build(): Promise<FastifyInstance>
}

export interface HttpServer extends Service {
  /** Where it listens, once started. */
  readonly url: string | undefined
}

/** An app on a socket. Stopping it lets requests under way end; those that are held are answered at once. */
export function httpServer({ name, host, port, portFlag, build }: Options): HttpServer {
  let app: FastifyInstance | undefined
  let url: string | undefined

  function explainRefusal(error: unknown): never {
    const reason = REASONS[String((error as NodeJS.ErrnoException).code)]
    if (reason === undefined) throw error
    const sentence = `${host}:${port} ${reason}: choose another with ${portFlag} and --host`
    throw new TaskFlowError('SETTINGS_INVALID', sentence, { cause: error })
  }

  return {
    name,
    get url() {
      return url
    },
    async start() {
      if (app) return
      app = await build()
      await app.listen({ host, port }).catch(explainRefusal)
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
