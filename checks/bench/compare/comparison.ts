import { median } from '@taskflow/testing/measuring/median'
import type { Result } from '../results.ts'
import type { Unit } from '../scenario.ts'

/** One figure of two commits that were measured by turns. */
export interface Compared {
  readonly scenario: string
  readonly contender: string
  readonly figure: string
  readonly unit: Unit
  /** The value of each round, in their order. */
  readonly before: readonly number[]
  readonly after: readonly number[]
  /** The median of the later commit divided by the median of the earlier one. */
  readonly ratio: number
  /** The smallest and the largest ratio of one round: the change is smaller than the noise if 1 is between them. */
  readonly range: readonly [number, number]
}

/** For each round, the results of all scenarios. */
export type RoundResults = readonly (readonly Result[])[]

/** Compares each figure that both commits have in every round. */
export function compare(before: RoundResults, after: RoundResults): Compared[] {
  return (after[0] ?? []).flatMap(({ scenario, contenders, units }) =>
    Object.entries(contenders).flatMap(([contender, spreads]) =>
      Object.keys(spreads).flatMap((figure) => {
        const of = { scenario, contender, figure }
        const [earlier, later] = [valuesOf(before, of), valuesOf(after, of)]
        if (earlier.length < before.length || later.length < after.length) return []
        return [{ ...of, unit: units[figure] as Unit, before: earlier, after: later, ...ratiosOf(earlier, later) }]
      }),
    ),
  )
}

function valuesOf(rounds: RoundResults, of: Pick<Compared, 'scenario' | 'contender' | 'figure'>): number[] {
  return rounds
    .map((results) => results.find(({ scenario }) => scenario === of.scenario))
    .map((result) => result?.contenders[of.contender]?.[of.figure]?.median)
    .filter((value) => value !== undefined)
}

function ratiosOf(before: readonly number[], after: readonly number[]): Pick<Compared, 'ratio' | 'range'> {
  const pairs = after.map((value, round) => shorten(value / (before[round] ?? Number.NaN)))
  return { ratio: shorten(median(after) / median(before)), range: [Math.min(...pairs), Math.max(...pairs)] }
}

const shorten = (ratio: number): number => Number(ratio.toFixed(3))
