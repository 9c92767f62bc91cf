import type { Sweep } from '@taskflow/database'
import type { RoomRoutes } from '@taskflow/http'
import type { Role } from '@taskflow/http/access'
import type { Duty, ErrorDescriptions, LogLines, Metrics } from '@taskflow/kernel'
import type { TSchema } from 'typebox'

/** What must be true of the database at any moment between two statements. */
export interface Invariant {
  /** A `task`, a `leader`: what the id of an offender names. */
  readonly subject: string
  /** What is said of the subject that breaks it. */
  readonly sentence: string
  /** Gives `id` and `detail` of each offender; may read the common tables that the checker of invariants defines. */
  readonly query: string
}

/**
 * A feature, as the product sees it. Every registry of the product (OpenAPI, permissions, errors, settings, metrics, log
 * lines, migrations, duties, sweeps, invariants, promises) is the sum of what its rooms give here, so adding a feature
 * means adding a room and a line to the list of rooms.
 *
 * `StoreDeps`, `RouteDeps` and `DutyDeps` name what the room needs; the composition gives every room the same whole.
 */
export interface Room<StoreDeps = never, Stores extends object = object, RouteDeps = never, DutyDeps = never> {
  /** The folder's name. */
  readonly name: string
  readonly errors?: ErrorDescriptions
  /** Each permission, with the least role that has it. */
  readonly permissions?: Readonly<Record<string, Role>>
  readonly settings?: Readonly<Record<string, TSchema>>
  /** Counts the room's events. Nothing else knows the metrics library. */
  readonly metrics?: Metrics
  /** What an operator reads of the room's events in the log of the process. */
  readonly logLines?: LogLines
  /** Opens what the room stores. It is given the stores of the rooms before it in the list. */
  readonly stores?: (deps: StoreDeps) => Stores
  /** Statements that clear rows past their time. */
  readonly sweeps?: readonly Sweep[]
  /** Loads its routes: only a process that serves the API pays for them. */
  readonly routes?: () => Promise<RoomRoutes<RouteDeps>>
  readonly duties?: (deps: DutyDeps) => readonly Duty[]
  readonly invariants?: readonly Invariant[]
  /** The promises of the product that this room keeps, by number, as one sentence each. */
  readonly promises?: Readonly<Record<string, string>>
}
