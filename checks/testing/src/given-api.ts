import type { Role } from '@taskflow/http/access'
import type { Storage } from '@taskflow/rooms'
import { createLog } from '@taskflow/server/log'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll } from 'vitest'
import { type GivenStorage, useStorage } from './databases.ts'
import { type Engine, engines } from './engines.ts'
import { type OpenApi, openApi } from './open-api.ts'
import { ADMIN_TOKEN } from './start-taskflow.ts'

export { ADMIN_TOKEN }

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
  /** Where it listens, if it does. */
  readonly url: string
  readonly logged: string[]
  /** Calls as the administrator, unless headers say otherwise. */
  call(method: string, url: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
  /** Sends exactly what is given; adds nothing but the administrator's credentials. */
  send(options: InjectOptions): Promise<Reply>
  /** Creates an API key with that role. */
  keyOf(role: Role): Promise<string>
}

interface Wanted extends Pick<Parameters<typeof openApi>[0], 'workerHealth'> {
  /** PGlite where absent. */
  readonly engine?: Engine | undefined
  /** Whether it listens on a port of 127.0.0.1; otherwise it is reached by `call` and `send` alone. */
  readonly listens?: boolean
  /** Puts something between the API and the storage. */
  readonly storageOf?: (storage: Storage) => Storage
}

/** Opens the real API over a database of its own, for the tests of a file or of the enclosing `describe`. */
export function useApi(wanted: Wanted = {}): GivenApi {
  const { engine = engines()[0], listens = false, storageOf = (storage) => storage, workerHealth } = wanted
  if (!engine) throw new Error('Expected a database engine in this run')
  const given = useStorage(engine)
  const logged: string[] = []
  let opened: OpenApi
  let url = ''

  beforeAll(async () => {
    opened = await openApi({
      db: given.db,
      storage: storageOf(given.storage),
      events: given.events,
      log: createLog({ logLevel: 'debug' }, { write: (line) => void logged.push(line) }),
      maxPayloadBytes: MAX_PAYLOAD_BYTES,
      workerHealth,
    })
    if (listens) url = await opened.app.listen({ host: '127.0.0.1', port: 0 })
  })
  // Runs before the database is closed.
  afterAll(() => opened.close())

  async function send({ headers, ...options }: InjectOptions): Promise<Reply> {
    const reply = await opened.app.inject({
      ...options,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
    })
    return {
      status: reply.statusCode,
      headers: reply.headers as Reply['headers'],
      text: reply.body,
      get json() {
        return reply.json()
      },
    }
  }

  const call: GivenApi['call'] = (method, path, body, headers = {}) =>
    send({
      method: method as 'GET',
      url: path,
      headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    })

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
      return opened.app
    },
    get url() {
      return url
    },
    send,
    call,
    keyOf: async (role) => (await call('POST', '/v1/api-keys', { name: `test-${role}`, role })).json.secret,
  }
}
