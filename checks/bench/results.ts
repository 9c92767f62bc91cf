import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from '@taskflow/testing/measuring/machine'
import { type Figures, type Spread, spreadOf } from './rounds.ts'
import type { Scenario, Unit } from './scenario.ts'
import type { Strangers } from './strangers.ts'
import type { Reached, Rounds } from './targets.ts'

/** The result of one scenario: the content of `checks/bench/results/<scenario>.json`. */
export interface Result {
  readonly scenario: string
  readonly measuredAt: string
  readonly commit: string
  readonly machine: Machine & { readonly before: Strangers; readonly after: Strangers; readonly isLoaded: boolean }
  readonly versions: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, unknown>>
  readonly units: Readonly<Record<string, Unit>>
  readonly reached: readonly Reached[]
  readonly contenders: Readonly<Record<string, Readonly<Record<string, Spread>>>>
  /** Contenders that were not measured, and why. */
  readonly missing: Readonly<Record<string, string>>
}

export function contendersOf({ figures }: Pick<Scenario, 'figures'>, rounds: Rounds): Result['contenders'] {
  const spreads = (measured: readonly Figures[]) =>
    Object.keys(figures)
      .map((figure) => [figure, valuesOf(measured, figure)] as const)
      .filter(([, values]) => values.length > 0)
      .map(([figure, values]) => [figure, spreadOf(values)])
  return Object.fromEntries(
    Object.entries(rounds).map(([name, measured]) => [name, Object.fromEntries(spreads(measured))]),
  )
}

const valuesOf = (measured: readonly Figures[], figure: string): number[] =>
  measured.map((figures) => figures[figure]).filter((value) => value !== undefined)

/** `checks/bench/results`, which the documentation quotes. */
export const RESULTS = join(import.meta.dirname, 'results')

export function writeResult(result: Result, folder = RESULTS): void {
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, `${result.scenario}.json`), `${JSON.stringify(result, null, 2)}\n`)
}

export function readResult(scenario: string, folder = RESULTS): Result | undefined {
  const file = join(folder, `${scenario}.json`)
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Result) : undefined
}
