import { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import { migrator, pgliteDatabase } from '@taskflow/database'
import { ROLES, type Role } from '@taskflow/http/access'
import type { Clock, TaskFlowEvents } from '@taskflow/kernel'
import { systemClock } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import { TASK_STATES } from '@taskflow/tasks'
import { emptyDatabase } from '@taskflow/testing/databases'
import { openApi } from '@taskflow/testing/open-api'
import { ADMIN_TOKEN } from '@taskflow/testing/start-taskflow'
import { tablesOf } from '@taskflow/testing/tables'
import { startWorker, taskInState } from '@taskflow/testing/task-in-state'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { type Operation, operationsOf } from './document.ts'

export const MAX_PAYLOAD_BYTES = 200_000

/** The API over a real storage that holds objects of every kind. */
export interface ApiWorld {
  readonly app: FastifyInstance
  readonly db: Database
  readonly storage: Storage
  /** The tables of the database. */
  readonly tables: readonly string[]
  readonly operations: readonly Operation[]
  /** Sends a request with the credentials of a role; given headers override. */
  send(as: Role, options: InjectOptions): Promise<LightMyRequestResponse>
  /** The `Authorization` header of a role. */
  authorization(as: Role): string
  /** The known ids of a collection such as `/v1/tasks`. */
  known(collection: string): readonly string[]
  learn(collection: string, id: string): void
  /** Empties the database, then creates a few objects of each kind. */
  reset(): Promise<void>
  close(): Promise<void>
}

const RETENTION_MS = 7 * 86_400_000

// The API may hold a reply for up to a minute. No awaited event comes here, so a short sleep suffices.
const LONGEST_SLEEP_MS = 5
const hasty: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, LONGEST_SLEEP_MS), signal),
}

// Old ids are dropped, so that most drawn ids still exist.
const MAX_KNOWN = 60

export interface World {
  /** A migrated database, which the caller closes; default: a new one. */
  readonly db?: Database
  /** Wraps the storage. */
  readonly storageOf?: (storage: Storage) => Storage
}

export async function openApiWorld({ db: given, storageOf = (storage) => storage }: World = {}): Promise<ApiWorld> {
  const db = given ?? (await openMigrated())
  const events = new EventEmitter<TaskFlowEvents>()
  const storage = openStorage({ db, events, retentionMs: RETENTION_MS })
  const { app, close } = await openApi({
    db,
    storage: storageOf(storage),
    events,
    clock: hasty,
    maxPayloadBytes: MAX_PAYLOAD_BYTES,
  })
  const tokens = new Map<Role, string>([['admin', ADMIN_TOKEN]])
  const known = new Map<string, string[]>()

  const authorization = (as: Role): string => `Bearer ${tokens.get(as)}`
  const send: ApiWorld['send'] = (as, { headers, ...options }) =>
    app.inject({ ...options, headers: { authorization: authorization(as), ...headers } })

  function learn(collection: string, id: string): void {
    const ids = known.get(collection) ?? []
    ids.push(id)
    known.set(collection, ids.slice(-MAX_KNOWN))
  }

  async function keyOf(role: Role): Promise<{ id: string; secret: string }> {
    const reply = await send('admin', { method: 'POST', url: '/v1/api-keys', payload: { name: `fuzz-${role}`, role } })
    return reply.json()
  }

  return {
    app,
    db,
    storage,
    tables: await tablesOf(db),
    operations: operationsOf(app.swagger()),
    send,
    authorization,
    known: (collection) => known.get(collection) ?? [],
    learn,
    async reset() {
      await emptyDatabase(db)
      known.clear()
      for (const state of TASK_STATES) learn('/v1/tasks', (await taskInState({ storage, db }, state)).task.id)
      for (const queues of [['default'], ['mail']]) learn('/v1/workers', (await startWorker(storage, { queues })).id)
      await storage.countQueues()
      learn('/v1/queues', 'default')
      for (const role of ROLES.filter((each) => each !== 'admin')) tokens.set(role, (await keyOf(role)).secret)
      learn('/v1/api-keys', (await keyOf('viewer')).id)
    },
    async close() {
      await close()
      if (!given) await db.close()
    },
  }
}

async function openMigrated(): Promise<Database> {
  const db = await pgliteDatabase()
  await migrator(db, allMigrations()).up()
  return db
}
