import { median } from '@taskflow/testing/measuring/median'

/** The results of one contender in one round, by the name of the figure. */
export type Figures = Readonly<Record<string, number>>

/** Measures once; undefined in a round that a contender sits out. Rounds count from 1. */
export type Run = (round: number) => Promise<Figures> | undefined

type Runs = Readonly<Record<string, Run>>

/** By contender: the results of each round, or why there are none. */
export interface Raced {
  readonly figures: Readonly<Record<string, readonly Figures[]>>
  readonly failed: Readonly<Record<string, Error>>
}

/**
 * Runs each contender once per round, interleaved (A B A B …), so that all share the machine's good and bad minutes. A
 * contender that fails is left out entirely: otherwise some of its rounds would be compared with all rounds of others.
 */
export async function interleaved(
  rounds: number,
  runs: Runs,
  onDone: (name: string, round: number, outcome: Figures | Error) => void,
): Promise<Raced> {
  const figures = new Map<string, Figures[]>(Object.keys(runs).map((name) => [name, []]))
  const failed: Record<string, Error> = {}
  for (let round = 1; round <= rounds; round++) {
    for (const [name, measured] of figures) {
      const outcome = await runs[name]?.(round)?.catch((error: unknown) => toError(error))
      if (outcome === undefined) continue
      if (outcome instanceof Error) {
        failed[name] = outcome
        figures.delete(name)
      } else measured.push(outcome)
      onDone(name, round, outcome)
    }
  }
  return { figures: Object.fromEntries(figures), failed }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  /** In the order of the rounds. */
  readonly rounds: readonly number[]
}

export function spreadOf(values: readonly number[]): Spread {
  const rounds = values.map(shorten)
  const sorted = rounds.toSorted((a, b) => a - b)
  return { median: shorten(median(sorted)), min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0, rounds }
}

/** Keeps the digits that are significant on a shared machine. */
function shorten(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}

/** The value that a share of all values do not exceed; values in any order, `share` between 0 and 1. */
export function percentileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0
}

/** Items per second of some work. */
export async function rateOf(items: number, work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now()
  await work()
  return (items / (performance.now() - startedMs)) * 1_000
}
