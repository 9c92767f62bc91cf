import type { EventEmitter } from 'node:events'
import { databaseWakeups } from '@taskflow/database'
import type { Role } from '@taskflow/http/access'
import { hashSecret, newSecret } from '@taskflow/identity'
import { type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { buildApp } from '@taskflow/server/api'
import { createLog } from '@taskflow/server/log'
import { metricsOf, type ProcessMetrics } from '@taskflow/server/metrics'
import { engines, type GivenStorage, PROJECT, useStorage } from '@taskflow/testing'
import { systemClock } from '@taskflow/testing/system-clock'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll } from 'vitest'

export const ADMIN_TOKEN = 'test-admin-token'

export const MAX_PAYLOAD_BYTES = 20_000

export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into replies of every shape
  readonly json: any
}

export interface GivenApi extends Omit<GivenStorage, 'url' | 'wakeups'> {
  readonly app: FastifyInstance
  readonly logged: string[]
  /** As the administrator, unless headers say otherwise. */
  call(method: string, url: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  /** As it is given: nothing is added but the administrator's credentials. */
  send(options: InjectOptions): Promise<Reply>
  /** A new API key with that role. */
  keyOf(role: Role): Promise<string>
}

const ids = uuidV7Ids(systemClock, Math.random)

/** The whole API over PGlite, for the tests of a file. `storageOf` may put something between. */
export function useApi({ storageOf = (storage: Storage): Storage => storage } = {}): GivenApi {
  const [engine] = engines()
  if (engine?.kind !== 'pglite') throw new Error('Expected PGlite to be the first engine')
  const given = useStorage(engine)
  const logged: string[] = []
  let app: FastifyInstance
  let metrics: ProcessMetrics

  beforeAll(async () => {
    metrics = metricsOf(given.events as EventEmitter<TaskFlowEvents>)
    app = await buildApp({
      storage: storageOf(given.storage),
      wakeups: databaseWakeups(given.db),
      metrics,
      clock: systemClock,
      ids,
      log: createLog({ logLevel: 'debug' }, { write: (line) => void logged.push(line) }),
      settings: { maxPayloadBytes: MAX_PAYLOAD_BYTES, roles: ['api'] },
      adminToken: ADMIN_TOKEN,
    })
    await app.ready()
  })
  // Runs before the database is closed.
  afterAll(async () => {
    await app.close()
    metrics.close()
  })

  async function send({ headers, ...options }: InjectOptions): Promise<Reply> {
    const reply = await app.inject({ ...options, headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers } })
    return {
      status: reply.statusCode,
      headers: reply.headers as Reply['headers'],
      text: reply.body,
      get json() {
        return reply.json()
      },
    }
  }

  return {
    events: given.events,
    logged,
    get db() {
      return given.db
    },
    get storage() {
      return given.storage
    },
    get app() {
      return app
    },
    send,
    call: (method, url, body, headers = {}) =>
      send({
        method: method as 'GET',
        url,
        headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async keyOf(role) {
      const secret = newSecret()
      await given.storage.createApiKey({
        id: ids.next(),
        project: PROJECT,
        name: `test-${role}`,
        role,
        hash: hashSecret(secret),
        expiresAt: null,
      })
      return secret
    },
  }
}
