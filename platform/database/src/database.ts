import type { WakeupTopic } from '@taskflow/kernel'

/**
 * One SQL statement: a constant text with its parameters and columns typed. Made by `statement()`.
 *
 * `lane` names the connection it travels on. Statements of one lane run one
 * after the other on a connection of their own, so that a slow list never
 * stands before a claim; those without share a pool.
 */
export interface Statement<Params extends readonly unknown[], Row> {
  readonly name: string
  readonly text: string
  readonly columns: readonly (keyof Row & string)[]
  readonly lane?: Lane
  /**
   * Wake-ups that the statement sends with its commit. Each is a column `notify_<topic>` of its result, which is not read.
   */
  readonly notifies?: readonly WakeupTopic[]
  /** Never present; carries the parameters' types. */
  readonly params?: Params
}

/**
 * `submit` and `settle` commit durably. `claim` does not wait for the disk: a
 * claim lost with a crash of the database is a task still queued, which is safe.
 * `heartbeat` keeps a worker's leases and the leader's row, `duty` what the coordinator does for all:
 * neither may wait for whoever reads a long list, nor for each other.
 */
export type Lane = 'submit' | 'claim' | 'settle' | 'heartbeat' | 'duty'

export interface Queryable {
  run<Params extends readonly unknown[], Row>(statement: Statement<Params, Row>, params: Params): Promise<Row[]>
}

/**
 * A PostgreSQL, in this process or elsewhere. There is one SQL for both.
 *
 * Values map alike on each: `timestamptz` is a Date, `json` its text, `jsonb` the parsed value, `bigint` a number.
 * Throws DATABASE_UNAVAILABLE when it cannot be reached; the driver's own error is its cause.
 */
export interface Database extends Queryable {
  readonly engine: 'postgres' | 'pglite'
  /** Runs the work in one transaction; throws what it throws, having rolled back. */
  transaction<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result>
  /** Calls back with each payload notified on the channel. Resolves, once listening, with the way to stop. */
  listen(channel: string, listener: (payload: string) => void): Promise<() => Promise<void>>
  close(): Promise<void>
}

export interface Transaction extends Queryable {
  /** Runs a text of several statements, as migrations are. */
  script(text: string): Promise<void>
}
