import { numberText } from '@taskflow/testing/measuring/text-table'
import type { Result } from './results.ts'
import type { Spread } from './rounds.ts'
import { type Reached, targetText } from './targets.ts'

/** Rows of cells, the first of them the head: a row for each contender, a column for each figure. */
export function tableOf({ contenders, units }: Pick<Result, 'contenders' | 'units'>): string[][] {
  const figures = Object.entries(units)
  const head = ['', ...figures.map(([figure, unit]) => `${figure}, ${unit}`)]
  const rows = Object.entries(contenders).map(([name, spreads]) => [
    name,
    ...figures.map(([figure]) => spreadText(spreads[figure])),
  ])
  return [head, ...rows]
}

/** A row for each target. */
export function reachedTable(reached: readonly Reached[]): string[][] {
  const rows = reached.map(({ target, spread, isMet }) => [
    target.row,
    target.measure,
    targetText(target),
    spreadText(spread, target.to ? ' ×' : ''),
    isMet === undefined ? 'not measured' : isMet ? 'yes' : 'no',
  ])
  return [['row', 'measure', 'target', 'result', 'reached'], ...rows]
}

/** The median with its range; a single round has no range. */
function spreadText(spread: Spread | undefined, suffix = ''): string {
  if (spread === undefined) return '–'
  const { median, min, max, rounds } = spread
  const text = `${numberText(median)}${suffix}`
  return rounds.length === 1 ? text : `${text} (${numberText(min)} to ${numberText(max)})`
}

/** @param words columns of text, which are aligned to the left as the first one is */
export function markdownText(
  [head = [], ...rows]: readonly (readonly string[])[],
  words: readonly string[] = [],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((name, column) => (column === 0 || words.includes(name) ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
