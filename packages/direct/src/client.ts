import { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import { postgresDatabase } from '@taskflow/database'
import { systemClock, type TaskFlowEvents, uuidV7Ids } from '@taskflow/kernel'
import { openStorage } from '@taskflow/rooms'
import type { Broker } from '@taskflow/tasks'
import { TaskTypes } from '@taskflow/tasks/admission'
import { announcer } from './announcer.ts'
import type { CallerTransaction } from './caller-transaction.ts'
import { type DirectTasks, directTasks } from './tasks.ts'
import { ways } from './ways.ts'

export type DirectOptions = Common &
  (
    | {
        /** Of the PostgreSQL that TaskFlow works on. */
        readonly databaseUrl: string
        readonly database?: undefined
      }
    | {
        /** One that is open already, and is not closed here. */
        readonly database: Database
        readonly databaseUrl?: undefined
      }
  )

interface Common {
  /** That holds TaskFlow's tables, where it is not the first of the search path. */
  readonly schema?: string
  /** Default: `default`. */
  readonly project?: string
  /** Who the tasks say they were created by. Default: `direct`. */
  readonly actor?: string
  /** Of one payload, as JSON. Default: 1 MiB, as the server's. */
  readonly maxPayloadBytes?: number
  /** Where workers wait on one: it is told what was stored, so that they need not find it. */
  readonly broker?: Pick<Broker, 'name' | 'publish'>
  /** Told of what breaks without failing a submission: an idle connection, a broker that is away, a type's unusable schema. */
  onError?(error: unknown): void
}

/** The client that submits straight to PostgreSQL. */
export interface DirectClient {
  readonly tasks: DirectTasks
  /**
   * To be called when a transaction with submissions has committed, where there is a `broker`: it is told of them.
   * Without that they are found, some seconds later. A transaction that was rolled back needs no word.
   */
  announce(tx: CallerTransaction): void
  /** To be called when all submissions have resolved. */
  close(): Promise<void>
}

const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576
// Reads of task types and of the schema's version: submissions have a connection of their own.
const POOL_SIZE = 2
// Only the settlement of tasks reads it, and none are settled here.
const RETENTION_MS = 0

/**
 *     const taskflow = taskflowDirect({ databaseUrl })
 *     await taskflow.tasks.submit(buildReport, { customer: 'acme' }, {}, { tx: client })
 */
export function taskflowDirect(options: DirectOptions): DirectClient {
  const { schema, project = 'default', actor = 'direct', broker, onError = () => {} } = options
  const { maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES } = options
  const clock = systemClock
  const events = new EventEmitter<TaskFlowEvents>()
  events.on('dispatches.dropped', ({ error }) => onError(error))
  const db = options.database ?? openDatabase(options.databaseUrl, schema, onError)
  const told = broker && announcer({ broker, clock, events })
  const storage = openStorage({ db, events, retentionMs: RETENTION_MS, ...(told && { onQueued: told.tell }) })
  const log = { warn: (details: object, message: string) => onError(new Error(message, { cause: details })) }

  return {
    tasks: directTasks({
      ...ways({ db, storage, types: new TaskTypes({ storage, clock, log }), schema, announcer: told }),
      ids: uuidV7Ids(clock, Math.random),
      maxPayloadBytes,
      by: { project, actor },
    }),
    announce: (tx) => told?.tellKept(tx),
    async close() {
      await told?.close()
      if (!options.database) await db.close()
    },
  }
}

function openDatabase(url: string, schema: string | undefined, onError: (error: unknown) => void): Database {
  return postgresDatabase({ url, poolSize: POOL_SIZE, onError, ...(schema !== undefined && { schema }) })
}
