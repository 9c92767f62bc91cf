import { cutTo, onOneLine, padTo, widthOf } from './text.ts'

/**
 * Lays out rows in aligned columns that fit the terminal. If there is not enough room:
 *
 * 1. Flexible columns shrink to their least width.
 * 2. Optional columns are left out, from the right.
 * 3. The widest flexible column is cut until all columns fit.
 */
export interface Column<Row> {
  readonly title: string
  readonly value: (row: Row) => string
  readonly align?: 'right'
  /** Whether the column may be cut. */
  readonly isFlexible?: boolean
  /** The width to which a flexible column shrinks before optional columns are left out. Default: 14. */
  readonly leastWidth?: number
  /** Whether the column may be left out. */
  readonly isOptional?: boolean
  /** Colours a cell after its width was measured. */
  readonly paint?: (text: string, row: Row) => string
}

const GAP = 2
const LEAST_WIDTH = 14

interface Laid<Row> {
  readonly column: Column<Row>
  readonly cells: readonly string[]
  width: number
}

export function table<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  { width, paintTitle = (title) => title }: { width: number; paintTitle?: (title: string) => string },
): string[] {
  const laid = fitInto(
    width,
    columns.map((column) => layOut(column, rows)),
  )
  const titles = laid.map(({ column, width }) => paintTitle(align(column.title, width, column)))
  const lines = rows.map((row, index) =>
    laid.map(({ column, cells, width }) => {
      const text = cutTo(cells[index] ?? '', width)
      const padding = ' '.repeat(width - widthOf(text))
      const painted = column.paint?.(text, row) ?? text
      return column.align === 'right' ? padding + painted : painted + padding
    }),
  )
  return [titles, ...lines].map((cells) => cells.join(' '.repeat(GAP)).trimEnd())
}

function layOut<Row>(column: Column<Row>, rows: readonly Row[]): Laid<Row> {
  const cells = rows.map((row) => onOneLine(column.value(row)))
  const width = Math.max(widthOf(column.title), ...cells.map(widthOf))
  return { column, cells, width }
}

function fitInto<Row>(width: number, all: readonly Laid<Row>[]): readonly Laid<Row>[] {
  // An optional column without any content is left out.
  let kept = all.filter(({ column, cells }) => !column.isOptional || cells.some((cell) => cell !== ''))
  while (leastWidth(kept) > width) {
    const expendable = kept.findLast(({ column }) => column.isOptional)
    if (!expendable) break
    kept = kept.filter((each) => each !== expendable)
  }
  for (let excess = totalWidth(kept) - width; excess > 0; excess--) {
    const widest = kept
      .filter(({ column, width }) => column.isFlexible && width > 1)
      .sort((a, b) => b.width - a.width)[0]
    if (!widest) break
    widest.width--
  }
  return kept
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0)

const totalWidth = <Row>(laid: readonly Laid<Row>[]): number =>
  sum(laid.map(({ width }) => width)) + GAP * (laid.length - 1)

const leastWidth = <Row>(laid: readonly Laid<Row>[]): number =>
  sum(
    laid.map(({ column, width }) => (column.isFlexible ? Math.min(width, column.leastWidth ?? LEAST_WIDTH) : width)),
  ) +
  GAP * (laid.length - 1)

const align = <Row>(text: string, width: number, column: Column<Row>): string =>
  column.align === 'right' ? ' '.repeat(width - widthOf(text)) + text : padTo(cutTo(text, width), width)
