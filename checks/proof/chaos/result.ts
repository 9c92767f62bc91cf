import type { Violation } from '@taskflow/testing/promises'
import type { Callers } from './callers.ts'
import type { HarmKind } from './schedule.ts'
import type { Figures } from './verdict.ts'

/** Times from the end of a harm. */
export interface Recovery {
  readonly harms: readonly HarmKind[]
  /** The time until the first task submitted after the harm succeeded. */
  readonly firstTaskMs: number
  /** The time until no task waited longer than usual, and no silent worker held one. */
  readonly calmMs: number
  /** A task of the run killed a worker meanwhile; the times include the recovery from that. */
  readonly isDisturbed: boolean
}

/** The outcome of a run. */
export interface ChaosResult {
  /** Tasks whose submission was answered with success. */
  readonly accepted: number
  readonly figures: Figures
  /** Accepted tasks that disappeared or never finished. */
  readonly lost: number
  /** Tasks with two accepted results, a lease that started twice, or an unrecorded start. */
  readonly doubled: number
  readonly refusedAsStale: number
  readonly forgottenClaims: number
  readonly workersLost: number
  /** Workers killed by their own tasks. */
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
