import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { ERRORS } from '@taskflow/rooms'
import { type HandClock, handClock } from '@taskflow/testing'
import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import { onTestFinished } from 'vitest'
import { bareApp } from '../src/bare-app.ts'

export interface ListeningApp {
  readonly app: FastifyInstance
  readonly clock: HandClock
  /** The log lines, as objects with their messages. */
  readonly logged: Record<string, unknown>[]
  /** Connects to the app and sends these bytes. */
  dial(bytes?: string): Promise<Caller>
}

/** A connection to an app. */
export interface Caller {
  readonly socket: Socket
  /** Resolves with everything that the server has sent, once the server ends the connection. */
  readonly ended: Promise<string>
}

/** An app on a port of 127.0.0.1, whose deadlines pass by hand. `addRoutes` adds routes to it. */
export async function listeningApp(addRoutes: (app: FastifyInstance) => void = () => {}): Promise<ListeningApp> {
  const clock = handClock()
  const logged: Record<string, unknown>[] = []
  let id = 0
  const app = bareApp({
    metrics: { observeRequest: () => {} },
    errors: ERRORS,
    clock,
    ids: { next: () => String(++id) },
    log: logInto(logged),
  })
  addRoutes(app)
  await app.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => app.close())
  const { port } = app.server.address() as AddressInfo
  return {
    app,
    clock,
    logged,
    async dial(bytes = '') {
      const socket = connect(port, '127.0.0.1')
      onTestFinished(() => void socket.destroy())
      await Promise.all([once(socket, 'connect'), once(app.server, 'connection')])
      if (bytes !== '') socket.write(bytes)
      return { socket, ended: textOf(socket) }
    },
  }
}

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('error', () => {})
  await once(socket, 'close')
  return text
}

function logInto(lines: Record<string, unknown>[]): FastifyBaseLogger {
  const write = (line: object, message: string): void => void lines.push({ ...line, message })
  const log = { level: 'debug', trace: write, debug: write, info: write, warn: write, error: write, fatal: write }
  return Object.assign(log, { silent: write, child: () => log }) as unknown as FastifyBaseLogger
}
