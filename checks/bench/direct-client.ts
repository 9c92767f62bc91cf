/** The one place that knows how a program submits straight to PostgreSQL. */
import { EventEmitter } from 'node:events'
import { migrator, postgresDatabase } from '@taskflow/database'
import { taskflowDirect } from '@taskflow/direct'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { openStorage } from '@taskflow/rooms'
import { allMigrations } from '@taskflow/rooms/migrations'
import type { Broker } from '@taskflow/tasks'
import type { Payload } from './payload.ts'

export interface DirectClient {
  submit(payload: Payload): Promise<unknown>
  submitMany(payloads: readonly Payload[]): Promise<unknown>
  close(): Promise<void>
}

const TYPE = 'bench.noop'
const RETENTION_MS = 7 * 86_400_000

/** @param broker receives the dispatches of queued tasks, unless PostgreSQL is the broker */
export async function openDirectClient(url: string, broker?: Broker): Promise<DirectClient> {
  await prepare(url)
  const client = taskflowDirect({ databaseUrl: url, ...(broker && { broker }) })
  return {
    submit: (payload) => client.tasks.submit(TYPE, payload),
    submitMany: (payloads) => client.tasks.submitMany(payloads.map((payload) => ({ type: TYPE, payload }))),
    async close() {
      await client.close()
      await broker?.close()
    },
  }
}

/** The tables, and the partitions of these days: a server and a coordinator's first round would make them. */
async function prepare(url: string): Promise<void> {
  const database = postgresDatabase({ url })
  await migrator(database, allMigrations()).up()
  const events = new EventEmitter<TaskFlowEvents>()
  await openStorage({ db: database, events, retentionMs: RETENTION_MS }).applyRetention()
  await database.close()
}
