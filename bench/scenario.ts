import type { Figures } from './rounds.ts'
import type { Stores } from './stores.ts'

export type Unit =
  | 'tasks/s'
  | 'dispatches/s'
  | 'requests/s'
  | 'rows/s'
  | 'statements/s'
  | 'ms'
  | 'MiB'
  | '% of a core'
  | 'statements/task'
  | 'rows/task'
  | 'bytes/task'
  | 'µs/task'
  | '% of plain'

/** What a scenario is given: where to keep tasks, and how much to do. */
export interface Bench {
  readonly stores: Stores
  /** Less of everything, for a first look. Nothing of it is written down. */
  readonly isQuick: boolean
  /** Folder for CPU profiles of the servers; undefined when none are wanted. */
  readonly profileDir: string | undefined
}

/** One thing to measure, of several contenders, each in processes of its own and on a store of its own. */
export interface Scenario {
  readonly name: string
  /** A sentence for the reader of the table. */
  readonly summary: string
  /** What is measured, in the order of the table, and its unit. */
  readonly figures: Readonly<Record<string, Unit>>
  /** Stated in the result. */
  settings(bench: Bench): Readonly<Record<string, string | number>>
  /** Each is called once a round, on a fresh store. */
  contenders(bench: Bench): Readonly<Record<string, () => Promise<Figures>>>
  readonly ratios?: readonly Ratio[]
  /** Called after the last round, for what was kept from one round to the next. */
  close?(): Promise<void>
}

/** One contender's figure as a share of another's, in the same round. */
export interface Ratio {
  readonly figure: string
  readonly of: string
  readonly to: string
  /** The other's figure, where it has another name. */
  readonly toFigure?: string
}
