import type { Python } from './python.ts'
import type { Run } from './rounds.ts'
import type { Services } from './services.ts'
import type { Stores } from './stores.ts'
import type { Target } from './targets.ts'

export type Unit =
  | 'tasks/s'
  | 'dispatches/s'
  | 'requests/s'
  | 'rows/s'
  | 'statements/s'
  | 'commits/s'
  | 'ms'
  | 'MiB'
  | '% of a core'
  | 'statements/task'
  | 'rows/task'
  | 'bytes/task'
  | 'µs/task'
  | '% of plain'

/** The input of a scenario: where to keep tasks, and how much to do. */
export interface Bench {
  readonly stores: Stores
  readonly services: Services
  /** Installed when first asked for. */
  python(): Python | { readonly missing: string }
  /** Less of everything, of TaskFlow and one peer, for a first look. Nothing of it is written down. */
  readonly isQuick: boolean
  /** So little that its figures mean nothing: for the test that the harness still works. */
  readonly isTiny: boolean
  /** TaskFlow without its peers, to compare two commits. */
  readonly isAlone: boolean
  /** Folder for CPU profiles of the processes; undefined when none are wanted. */
  readonly profileDir: string | undefined
}

/** By title, in the order of the table: how to measure one once, on a fresh store, or why it cannot be had here. */
export type Contest = Readonly<Record<string, Run | { readonly missing: string }>>

/**
 * One thing to measure, of several contenders, each in processes of its own and on a store of its own. To add one: a file
 * in `scenarios/`, an entry in the list of `run.ts`. The content of its table, plot and targets follows from the data here.
 */
export interface Scenario {
  /** Names its file of results; `--only` takes it. */
  readonly name: string
  /** Letters of the rows that it measures in the table of targets; `--only` takes them too. */
  readonly rows?: readonly string[]
  /** Not more than so many, where more rounds would say no more, or each takes minutes. */
  readonly mostRounds?: number
  /** Answers a question of its own, as a decision's: run by its name only. */
  readonly isAside?: true
  /** A heading. */
  readonly title: string
  /** A paragraph for the reader of the table: what is done, from when to when. */
  readonly summary: string
  /** The measured figures, in the order of the table, and their units. A contender may leave some out. */
  readonly figures: Readonly<Record<string, Unit>>
  /** The figures that are drawn; all where absent. */
  readonly plotted?: readonly string[]
  /** Stated in the result. */
  settings(bench: Bench): Readonly<Record<string, string | number>>
  /** Each is called once a round, interleaved with the others. */
  contenders(bench: Bench): Contest
  /** The values to reach; the page begins with them. */
  readonly targets?: readonly Target[]
  /** Called after the last round, for what was kept from one round to the next. */
  close?(): Promise<void>
}

/** So much for a whole run, a quick one, and a tiny one. */
export const sized = <Value>({ isQuick, isTiny }: Bench, whole: Value, quick: Value, tiny: Value): Value =>
  isTiny ? tiny : isQuick ? quick : whole
