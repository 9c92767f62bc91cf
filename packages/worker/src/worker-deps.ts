import type { WorkStore } from '@taskflow/fleet'
import type { Clock, DatabaseClock, Events, Ids, Wakeups } from '@taskflow/kernel'
import type { Broker } from '@taskflow/tasks'
import type { Log } from './log.ts'
import type { RunnerChannels } from './placement/channel.ts'
import type { WorkerStart } from './worker-start.ts'

/** The ports that a worker needs. */
export interface WorkerDeps {
  readonly storage: WorkStore
  readonly broker: Broker
  readonly wakeups: Wakeups
  readonly channels: RunnerChannels
  readonly clock: Clock
  readonly databaseClock: DatabaseClock
  readonly ids: Ids
  readonly random: () => number
  readonly events: Events
  readonly log: Log
}

/** The objects that the parts of one session share, besides the ports. */
export interface SessionContext {
  /** Aborted when the session gives up what the database has not answered. */
  readonly ending: AbortController
  /** The start of the worker, which a stop interrupts while the task modules load. */
  readonly start: WorkerStart
  /** Reports an error of a round; the round is repeated. */
  onError(error: unknown): void
}
