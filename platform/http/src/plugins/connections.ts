import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '@taskflow/kernel'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyInstance {
    readonly connections: Connections
  }
}

/** Time for the headers of a request to arrive. Node.js checks it every 30 s. */
export const HEADERS_MS = 30_000

/**
 * Longest pause of a connection without a byte in either direction. Longer than a reply can be held (a minute), so it
 * ends only streams that nobody continues and replies that nobody reads.
 */
export const PAUSE_MS = 300_000

// As long as a statement may take, and short enough for a supervisor that kills a process 10 s after its last task.
const STOP_MS = 5_000

/** Makes every connection end in bounded time after the server begins to stop. */
export function endConnectionsOnStop(app: FastifyInstance, clock: Pick<Clock, 'sleep'>): void {
  const connections = new Connections(clock, app.log)
  app.decorate('connections', connections)
  app.server.on('connection', (socket: Socket) => connections.add(socket))
  app.addHook('preClose', async () => connections.stop())
  app.addHook('onClose', async () => connections.close())
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (connections.isStopping) reply.header('connection', 'close')
    done()
  })
}

/** A connection with its current reply, which Node.js exposes nowhere else. */
export interface Connection extends Socket {
  readonly _httpMessage?: ServerResponse | null
}

/**
 * The connections of a server. A stop ends each of them:
 *
 * - at once, if no request has arrived on it: a browser's spare connection, a balancer's, one with half of the headers;
 * - after the reply to the request that has arrived, even if that reply had promised to keep the connection alive;
 * - after `STOP_MS` in any case: a caller may never take its reply.
 */
class Connections {
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #log: Pick<FastifyBaseLogger, 'warn'>
  readonly #open = new Set<Connection>()
  readonly #closed = new AbortController()
  #isStopping = false
  #takesNone = false

  constructor(clock: Pick<Clock, 'sleep'>, log: Pick<FastifyBaseLogger, 'warn'>) {
    this.#clock = clock
    this.#log = log
  }

  /** Whether the server stops, or is about to. */
  get isStopping(): boolean {
    return this.#isStopping
  }

  add(socket: Connection): void {
    // The listening socket closes a moment after the stop begins.
    if (this.#takesNone) {
      socket.destroy()
      return
    }
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
  }

  /** Ends each connection after its next reply, while the server continues to take new ones. */
  announceStop(): void {
    this.#isStopping = true
  }

  stop(): void {
    this.#isStopping = true
    this.#takesNone = true
    for (const socket of this.#open) endAfterReply(socket)
    void this.#endAllInTime()
  }

  /** Called once no connection is left. */
  close(): void {
    this.#closed.abort()
  }

  async #endAllInTime(): Promise<void> {
    await this.#clock.sleep(STOP_MS, this.#closed.signal)
    if (this.#closed.signal.aborted) return
    this.#log.warn(
      { connections: this.#open.size },
      `Ended connections whose requests had not ended ${STOP_MS} ms after the HTTP server began to stop`,
    )
    for (const socket of this.#open) socket.destroy()
  }
}

function endAfterReply(socket: Connection): void {
  const reply = socket._httpMessage
  if (reply) reply.once('close', () => endAfterReply(socket))
  else socket.destroySoon()
}
