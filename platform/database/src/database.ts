import type { WakeupTopic } from '@taskflow/kernel'

/**
 * One SQL statement: a constant text with typed parameters and columns, made by `statement()`.
 *
 * `lane` names the connection that sends the statement. The statements of a lane run one after the other on the lane's
 * own connection, so that a slow list cannot delay a claim. Statements without a lane share a pool.
 */
export interface Statement<Params extends readonly unknown[], Row> {
  readonly name: string
  readonly text: string
  readonly columns: readonly (keyof Row & string)[]
  readonly lane?: Lane
  /**
   * Wake-ups that the statement sends when it commits. Each is a column `notify_<topic>` of the result, which is not
   * read.
   */
  readonly notifies?: readonly WakeupTopic[]
  /** The column that has, in the first row, the time of the transaction by the database's clock. */
  readonly tellsTime?: keyof Row & string
  /** Has no value; carries the type of the parameters. */
  readonly params?: Params
}

/**
 * The lanes, one per purpose:
 *
 * - `submit` and `settle` commit durably.
 * - `claim` does not wait for the disk. A claim lost in a crash of the database leaves the task queued, which is safe.
 * - `heartbeat` renews the leases of workers and of the leader.
 * - `duty` carries the coordinator's duties. Neither duties nor heartbeats may wait for a long list or for each other.
 */
export type Lane = 'submit' | 'claim' | 'settle' | 'heartbeat' | 'duty'

export interface Queryable {
  run<Params extends readonly unknown[], Row>(statement: Statement<Params, Row>, params: Params): Promise<Row[]>
}

/**
 * A PostgreSQL server, or PGlite in this process. Both run the same SQL.
 *
 * Both map values alike: `timestamptz` to Date, `json` to its text, `jsonb` to the parsed value, `bigint` to number.
 * Methods throw DATABASE_UNAVAILABLE if the database cannot be reached, with the driver's error as the cause.
 */
export interface Database extends Queryable {
  readonly engine: 'postgres' | 'pglite'
  /** Runs the work in one transaction. If the work throws, rolls back and throws the same error. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>
  /**
   * Calls the listener with the payload of each notification on the channel, and with an empty payload after a
   * reconnection. Resolves, once it listens, with a function that ends the subscription.
   */
  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

export interface Transaction extends Queryable {
  /** Runs a text of several statements, such as a migration. */
  script(text: string): Promise<void>
}
