import type { Result } from './results.ts'
import type { Spread } from './rounds.ts'

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

export const spreadText = (spread: Spread | undefined, suffix = ''): string =>
  spread === undefined
    ? '–'
    : `${numberText(spread.median)}${suffix} (${numberText(spread.min)} to ${numberText(spread.max)})`

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

export function markdownText([head = [], ...rows]: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n')
}
