import { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import { databaseWakeups, migrator, pgliteDatabase } from '@taskflow/database'
import { ROLES, type Role } from '@taskflow/http/access'
import { type Clock, systemClock, type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import { buildApp } from '@taskflow/server/api'
import { metricsOf } from '@taskflow/server/metrics'
import { TASK_STATES } from '@taskflow/tasks'
import { emptyDatabase } from '@taskflow/testing/databases'
import { startWorker, taskInState } from '@taskflow/testing/task-in-state'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { type Operation, operationsOf } from './document.ts'
import { silentLog } from './silent-log.ts'

export const MAX_PAYLOAD_BYTES = 200_000

/** The API as it is served, over a real storage, with something of everything in it. */
export interface ApiWorld {
  readonly app: FastifyInstance
  readonly db: Database
  readonly storage: Storage
  readonly operations: readonly Operation[]
  /** As somebody of that role; headers that are given count more. */
  send(as: Role, options: InjectOptions): Promise<LightMyRequestResponse>
  /** The header by which somebody of that role is known. */
  authorization(as: Role): string
  /** What of a collection such as `/v1/tasks` is there, by what its paths take. */
  known(collection: string): readonly string[]
  learn(collection: string, id: string): void
  /** Everything gone, and a little put there again. */
  reset(): Promise<void>
  close(): Promise<void>
}

const ADMIN_TOKEN = 'fuzz-admin-token'
const RETENTION_MS = 7 * 86_400_000

// Replies may be held for a minute; what is waited for does not come, so any while will do.
const LONGEST_SLEEP_MS = 5
const hasty: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, LONGEST_SLEEP_MS), signal),
}

// Old ones go, so that what is drawn is mostly still there.
const MOST_KNOWN = 60

export interface World {
  /** Migrated, and the caller's to close; one of its own where absent. */
  readonly db?: Database
  /** Puts something between the API and what is stored. */
  readonly storageOf?: (storage: Storage) => Storage
}

export async function openApiWorld({ db: given, storageOf = (storage) => storage }: World = {}): Promise<ApiWorld> {
  const db = given ?? (await openMigrated())
  const events = new EventEmitter<TaskFlowEvents>()
  const storage = openStorage({ db, events, retentionMs: RETENTION_MS })
  const metrics = metricsOf(events)
  const app = await buildApp({
    storage: storageOf(storage),
    wakeups: databaseWakeups(db),
    metrics,
    clock: hasty,
    ids: uuidV7Ids(systemClock, Math.random),
    log: silentLog,
    settings: { maxPayloadBytes: MAX_PAYLOAD_BYTES, roles: ['api'] },
    adminToken: ADMIN_TOKEN,
  })
  await app.ready()
  const tokens = new Map<Role, string>([['admin', ADMIN_TOKEN]])
  const known = new Map<string, string[]>()

  const authorization = (as: Role): string => `Bearer ${tokens.get(as)}`
  const send: ApiWorld['send'] = (as, { headers, ...options }) =>
    app.inject({ ...options, headers: { authorization: authorization(as), ...headers } })

  function learn(collection: string, id: string): void {
    const ids = known.get(collection) ?? []
    ids.push(id)
    known.set(collection, ids.slice(-MOST_KNOWN))
  }

  async function keyOf(role: Role): Promise<{ id: string; secret: string }> {
    const reply = await send('admin', { method: 'POST', url: '/v1/api-keys', payload: { name: `fuzz-${role}`, role } })
    return reply.json()
  }

  return {
    app,
    db,
    storage,
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
      await app.close()
      metrics.close()
      if (!given) await db.close()
    },
  }
}

async function openMigrated(): Promise<Database> {
  const db = await pgliteDatabase()
  await migrator(db, allMigrations()).up()
  return db
}
