import type { Result } from './results.ts'
import type { Spread } from './rounds.ts'
import { type Reached, targetText } from './targets.ts'

/** Rows of cells, the first of them the head: one row a contender, one column a figure. */
export function tableOf({ contenders, units }: Pick<Result, 'contenders' | 'units'>): string[][] {
  const figures = Object.entries(units)
  const head = ['', ...figures.map(([figure, unit]) => `${figure}, ${unit}`)]
  const rows = Object.entries(contenders).map(([name, spreads]) => [
    name,
    ...figures.map(([figure]) => spreadText(spreads[figure])),
  ])
  return [head, ...rows]
}

/** One row a target. */
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

/** One round has no range. */
function spreadText(spread: Spread | undefined, suffix = ''): string {
  if (spread === undefined) return '–'
  const { median, min, max, rounds } = spread
  const text = `${numberText(median)}${suffix}`
  return rounds.length === 1 ? text : `${text} (${numberText(min)} to ${numberText(max)})`
}

export const numberText = (value: number): string => value.toLocaleString('en-GB', { maximumSignificantDigits: 6 })

/** In columns, for a terminal. */
export function alignedText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('   ')
  return rows.map(line).join('\n')
}

/** @param words columns of text, which begin at the left as the first one does */
export function markdownText(
  [head = [], ...rows]: readonly (readonly string[])[],
  words: readonly string[] = [],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rule = head.map((name, column) => (column === 0 || words.includes(name) ? '---' : '---:'))
  return [line(head), line(rule), ...rows.map(line)].join('\n')
}
