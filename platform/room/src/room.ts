import type { Sweep } from '@taskflow/database'
import type { RoomRoutes } from '@taskflow/http'
import type { Role } from '@taskflow/http/access'
import type { Duty, ErrorDescriptions, LogLines, Metrics } from '@taskflow/kernel'
import type { TSchema } from 'typebox'

/** A condition that holds in the database at any moment between two statements. */
export interface Invariant {
  /** The kind of row that the id of an offender names, such as `task` or `leader`. */
  readonly subject: string
  /** Predicate of the sentence about an offender: "task 0190… has a term below 1". */
  readonly sentence: string
  /** Returns the `id` and `detail` of each offender. May read the common table expressions of the invariant checker. */
  readonly query: string
}

/**
 * The contributions that a room can make to the ports of other rooms. The room that owns a port declares it here, by
 * declaration merging; the composition gives the owner the contributions of all rooms.
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is merged into
export interface Ports {}

/**
 * A feature with everything that it adds to the product. Every registry of the product (OpenAPI, permissions, errors,
 * settings, metrics, log lines, migrations, duties, sweeps, invariants, promises) is the sum over all rooms. To add a
 * feature, add a room and list it in modules/rooms.
 *
 * `StoreDeps`, `RouteDeps` and `DutyDeps` name the dependencies of the room. All rooms receive the same object.
 */
export interface Room<StoreDeps = never, Stores extends object = object, RouteDeps = never, DutyDeps = never> {
  /** Name of the room and of its folder. */
  readonly name: string
  readonly errors?: ErrorDescriptions
  /** The permissions, each with the lowest role that has it. */
  readonly permissions?: Readonly<Record<string, Role>>
  readonly settings?: Readonly<Record<string, TSchema>>
  /** Makes the metrics that count the events of the room. */
  readonly metrics?: Metrics
  /** Log lines for the events of the room. */
  readonly logLines?: LogLines
  /** Opens the stores of the room. Receives the stores of all rooms before it in the list. */
  readonly stores?: (deps: StoreDeps) => Stores
  /** Statements that delete expired rows. */
  readonly sweeps?: readonly Sweep[]
  /** Loads the routes of the room. Only a process that serves the API calls it. */
  readonly routes?: () => Promise<RoomRoutes<RouteDeps>>
  readonly duties?: (deps: DutyDeps) => readonly Duty[]
  /** The contributions of the room to the ports of other rooms. */
  readonly ports?: Ports
  readonly invariants?: readonly Invariant[]
  /** Promises of the product that this room keeps, by number, one sentence each. */
  readonly promises?: Readonly<Record<string, string>>
}
