import { type Figures, type Spread, spreadOf } from './rounds.ts'

/** The value that a figure should reach: a share of others' figures in the same round, or a figure by itself. */
export interface Target {
  /** Letter of the row. */
  readonly row: string
  /** In words, with what it is measured against. */
  readonly measure: string
  readonly figure: string
  /** Title of the contender that is to reach it. */
  readonly of: string
  /** Titles of those it is measured against: the best of them, round by round. Absent: the figure itself is. */
  readonly to?: readonly string[]
  /** The others' figure, where it has another name. */
  readonly toFigure?: string
  /** One of these two; the second where less is better. */
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Reached {
  readonly target: Target
  /** Ratios of figures of the same round, or figures; undefined when one side was not measured. */
  readonly spread: Spread | undefined
  /** By the median. */
  readonly isMet: boolean | undefined
}

export type Rounds = Readonly<Record<string, readonly Figures[]>>

/** Divides within a round, so that the machine's drift between rounds does not count. */
export function reachedOf(target: Target, rounds: Rounds): Reached {
  const values = (rounds[target.of] ?? [])
    .map((figures, round) => valueIn(target, figures, round, rounds))
    .filter((value) => value !== undefined)
  const spread = values.length === 0 ? undefined : spreadOf(values)
  return { target, spread, isMet: spread && isWithin(target, spread.median) }
}

const isWithin = ({ atLeast = -Infinity, atMost = Infinity }: Target, value: number): boolean =>
  value >= atLeast && value <= atMost

function valueIn(target: Target, figures: Figures, round: number, rounds: Rounds): number | undefined {
  const { figure, to, toFigure = figure, atMost } = target
  const own = figures[figure]
  if (own === undefined || !to) return own
  const others = to.map((title) => rounds[title]?.[round]?.[toFigure]).filter((value) => value !== undefined)
  if (others.length === 0) return undefined
  return own / (atMost === undefined ? Math.max(...others) : Math.min(...others))
}

export const targetText = ({ to, atLeast, atMost }: Target): string =>
  `${atLeast === undefined ? 'at most' : 'at least'} ${atLeast ?? atMost}${to ? ' ×' : ''}`
