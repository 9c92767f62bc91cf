import type { Database } from '@taskflow/database'
import type { Clock, Events, Ids, Service, TaskFlowEvents, Wakeups } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import type { Broker } from '@taskflow/tasks'
import type { Log, RunnerChannels } from '@taskflow/worker'
import type { HealthSources } from './api/system/health.ts'
import type { Heap } from './v8-heap.ts'

/**
 * Everything that a process reaches outside of its own code. `open` makes these ports from the settings, and a
 * simulation makes its own. The assembled process owns them: its stop closes the databases and the broker.
 */
export interface ProcessPorts {
  readonly clock: Clock
  /** Returns a number in [0, 1). */
  readonly random: () => number
  readonly log: Log
  /** Migrated. */
  readonly database: Database
  /** Set if the database is embedded in a data folder, which only this process has open. */
  readonly dataDir?: { readonly adminKeyFile: string } | undefined
  /** A replica of `database`, for lists that may be a moment old. */
  readonly replica?: Database | undefined
  /** Carries dispatches to the workers; absent where workers take tasks from PostgreSQL itself. */
  readonly broker?: Broker | undefined
  /** Open the runners of a worker. */
  readonly channels: RunnerChannels
  /** Makes the HTTP server: the API, or health and metrics alone; absent in a process that listens on no port. */
  readonly httpServer?: ((sources: HttpSources) => Endpoint) | undefined
  /** The memory that an idle process trims; absent where it is left alone. */
  readonly heap?: Heap | undefined
}

/** An HTTP server of the process. */
export interface Endpoint extends Service {
  /** Where it listens; undefined unless started. */
  readonly url: string | undefined
  /** Makes the process unready. Resolves when the balancers before it have had time to notice. */
  announceStop(): Promise<void>
}

/** The sources of what an HTTP server serves and reports. */
export interface HttpSources extends HealthSources {
  readonly storage: Storage
  readonly wakeups: Wakeups
  readonly clock: Clock
  readonly ids: Ids
  readonly events: Events
  /** The dependencies that the metrics show. */
  readonly dependencies: {
    readonly broker?: string
    readonly databases: readonly TaskFlowEvents['database.lost'][0]['database'][]
  }
}
