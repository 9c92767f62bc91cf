import { expect, test } from 'vitest'
import { type Column, table } from './table.ts'

interface Row {
  readonly name: string
  readonly count: number
  readonly note: string
}

const columns: readonly Column<Row>[] = [
  { title: 'NAME', value: ({ name }) => name, isFlexible: true, leastWidth: 6 },
  { title: 'COUNT', value: ({ count }) => String(count), align: 'right' },
  { title: 'NOTE', value: ({ note }) => note, isOptional: true },
]

const rows: readonly Row[] = [
  { name: 'a', count: 7, note: 'first' },
  { name: 'something long', count: 1_000_000, note: '' },
]

const layOut = (width: number, these = rows) => table(these, columns, { width })

test('columns are as wide as they need to be', () => {
  expect(layOut(80)).toEqual([
    'NAME              COUNT  NOTE',
    'a                     7  first',
    'something long  1000000',
  ])
})

test('a flexible column is cut before an optional one is left out', () => {
  expect(layOut(26)).toEqual(['NAME          COUNT  NOTE', 'a                 7  first', 'something…  1000000'])
})

test('an optional column is left out before a flexible one is cut below its least width', () => {
  expect(layOut(16)).toEqual(['NAME       COUNT', 'a              7', 'someth…  1000000'])
})

test('an optional column without any content is left out', () => {
  expect(layOut(80, [{ name: 'a', count: 1, note: '' }])[0]).toBe('NAME  COUNT')
})

test('no line is wider than the terminal, at any width that fits the fixed columns', () => {
  for (let width = 12; width < 60; width++)
    for (const line of layOut(width)) expect(line.length).toBeLessThanOrEqual(width)
})

test('wide and combining characters count as many columns as they fill', () => {
  const [, line] = layOut(80, [{ name: '漢字é', count: 1, note: 'x' }])
  expect(line).toBe('漢字é      1  x')
})

test('escape sequences are removed, and a cell stays on one line', () => {
  const [, line] = layOut(80, [{ name: '\u001b[31mred\u0007\nline', count: 1, note: '' }])
  expect(line).toBe('red line      1')
})
