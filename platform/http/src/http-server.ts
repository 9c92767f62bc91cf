import type { AddressInfo } from 'node:net'
import { type Clock, type Service, TaskFlowError } from '@taskflow/kernel'
import type { FastifyInstance } from 'fastify'
import { serverUrl } from './server-url.ts'

interface Options {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Command-line flag of the port, for the message when the port is in use. */
  readonly portFlag: string
  /** Time from the announcement of a stop to its end. */
  readonly stopDelayMs: number
  readonly clock: Pick<Clock, 'sleep'>
  build(): Promise<FastifyInstance>
}

export interface HttpServer extends Service {
  /** Address at which this machine reaches the server while it runs, also when it listens on all addresses. */
  readonly url: string | undefined
  /**
   * Makes the process unready, so that balancers stop sending requests to it. Continues to take requests meanwhile, and
   * resolves when the balancers have had their time.
   */
  announceStop(): Promise<void>
}

/**
 * Serves an app on a socket. A stop lets requests in flight end, and answers held requests at once.
 *
 * `start` throws SETTINGS_INVALID if the address is in use, is not permitted or does not exist.
 */
export function httpServer({ name, host, port, portFlag, stopDelayMs, clock, build }: Options): HttpServer {
  let app: FastifyInstance | undefined
  let url: string | undefined

  function explainRefusal(error: unknown): never {
    const reason = REASONS[String((error as NodeJS.ErrnoException).code)]
    if (reason === undefined) throw error
    const sentence = `${host}:${port} ${reason}: choose another address with ${portFlag} and --host`
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
      url = serverUrl(app.server.address() as AddressInfo)
    },
    async announceStop() {
      if (!app) return
      app.connections.announceStop()
      await clock.sleep(stopDelayMs)
    },
    async stop() {
      await app?.close()
      app = undefined
      url = undefined
    },
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is already in use',
  EACCES: 'is not permitted for this user',
  EADDRNOTAVAIL: 'is not an address of this machine',
}
