import { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import { CLOCK_SET_BACK_MS, databaseClock, postgresDatabase } from '@taskflow/database'
import { systemClock, type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import { assembleStorage, DEFAULT_PROJECT } from '@taskflow/rooms'
import type { Broker } from '@taskflow/tasks'
import { TaskTypes } from '@taskflow/tasks/admission'
import type { CallerTransaction } from './caller-transaction.ts'
import { type DirectTasks, directTasks } from './tasks.ts'
import { transactionPublisher } from './transaction-publisher.ts'
import { ways } from './ways.ts'

export type DirectOptions = Common &
  (
    | {
        /** Address of the PostgreSQL that TaskFlow uses. */
        readonly databaseUrl: string
        readonly database?: undefined
      }
    | {
        /** A database that is already open; `close` leaves it open. */
        readonly database: Database
        readonly databaseUrl?: undefined
      }
  )

interface Common {
  /** The schema of TaskFlow's tables, if it is not the first of the search path. */
  readonly schema?: string
  /** Default: `default`. */
  readonly project?: string
  /** The creator of the tasks, as their history shows it. Default: `direct`. */
  readonly actor?: string
  /** Largest payload as JSON, in bytes. Default: 1 MiB, as in the server. */
  readonly maxPayloadBytes?: number
  /** The broker that workers take from. It receives a dispatch of each stored task, so that workers start at once. */
  readonly broker?: Pick<Broker, 'name' | 'publish'>
  /**
   * Receives errors that fail no submission: a broken idle connection, an unavailable broker, an unusable schema of a
   * task type.
   */
  onError?(error: unknown): void
}

/** The client that submits directly to PostgreSQL. */
export interface DirectClient {
  readonly tasks: DirectTasks
  /**
   * Publishes the submissions of a committed transaction to the `broker`, if there is one. Without this call the
   * coordinator publishes them some seconds later. Do not call it for a transaction that was rolled back.
   */
  publish(tx: CallerTransaction): void
  /** Closes the client. Call it after all submissions have resolved. */
  close(): Promise<void>
}

const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576
// For reads of task types and of the schema's version: submissions have a connection of their own.
const POOL_SIZE = 2
// Only the settlement of tasks uses it, and this client settles none.
const RETENTION_MS = 0

/**
 *     const taskflow = taskflowDirect({ databaseUrl })
 *     await taskflow.tasks.submit(buildReport, { customer: 'acme' }, {}, { tx: client })
 */
export function taskflowDirect(options: DirectOptions): DirectClient {
  const { schema, project = DEFAULT_PROJECT, actor = 'direct', broker, onError = () => {} } = options
  const { maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES } = options
  const clock = systemClock
  const events = new EventEmitter<TaskFlowEvents>()
  events.on('dispatches.dropped', ({ error }) => onError(error))
  const followed = databaseClock(options.database ?? openDatabase(options.databaseUrl, schema, onError), clock)
  const db = followed.database
  const { storage, publisher } = assembleStorage({ db, events, clock, broker, retentionMs: RETENTION_MS })
  const transactions = publisher && transactionPublisher(publisher)
  const log = { warn: (details: object, message: string) => onError(new Error(message, { cause: details })) }

  return {
    tasks: directTasks({
      ...ways({
        db,
        storage,
        types: new TaskTypes({ storage, clock, log }),
        schema,
        transactions,
        clock: followed,
      }),
      ids: uuidV7Ids(followed, Math.random, { followsBackMs: CLOCK_SET_BACK_MS }),
      maxPayloadBytes,
      by: { project, actor },
    }),
    publish: (tx) => transactions?.publish(tx),
    async close() {
      await publisher?.stop()
      if (!options.database) await db.close()
    },
  }
}

function openDatabase(url: string, schema: string | undefined, onError: (error: unknown) => void): Database {
  return postgresDatabase({ url, poolSize: POOL_SIZE, onError, ...(schema !== undefined && { schema }) })
}
