import type { Violation } from '@taskflow/testing/promises'
import type { Callers } from './callers.ts'
import type { HarmKind } from './schedule.ts'
import type { Figures } from './verdict.ts'

/** How long it took from the end of a harm. */
export interface Recovery {
  readonly harms: readonly HarmKind[]
  /** Until the first task submitted after it had succeeded. */
  readonly firstTaskMs: number
  /** Until nothing waited longer than usual, and nothing was held by the dead. */
  readonly calmMs: number
  /** One of the run's own tasks killed a worker meanwhile: what it took to recover from that is in it too. */
  readonly isDisturbed: boolean
}

/** What came of a run. */
export interface ChaosResult {
  /** Tasks of which a caller was told that they are. */
  readonly accepted: number
  readonly figures: Figures
  /** Accepted, and gone or never at an end. */
  readonly lost: number
  /** Two results accepted, a lease that started twice, or a run for which nothing is recorded. */
  readonly doubled: number
  readonly refusedAsStale: number
  readonly forgottenClaims: number
  readonly workersLost: number
  /** Workers that their own tasks killed. */
  readonly deaths: number
  readonly calls: Callers['tally']
  readonly harms: Readonly<Partial<Record<HarmKind, number>>>
  readonly recoveries: readonly Recovery[]
  /** Kinds of harm that this machine cannot do, and why. */
  readonly missing: Readonly<Record<string, string>>
  readonly violations: readonly Violation[]
  readonly versions: readonly string[]
  readonly seconds: number
}
