import { expect, test } from 'vitest'
import { SCENARIOS, scenariosNamed } from './scenarios.ts'

test('names each scenario once', () => {
  const names = SCENARIOS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('finds scenarios by name and by the letter of their row', () => {
  expect(scenariosNamed('E,drivers').map(({ name }) => name)).toEqual(['together', 'drivers'])
})

test('refuses a name that no scenario has', () => {
  expect(() => scenariosNamed('D,nothing')).toThrow('no scenario nothing')
})

for (const { name, figures, rows = [], targets = [], plotted = [] } of SCENARIOS) {
  test(`${name}: its targets and plots speak of its own rows and figures`, () => {
    const spoken = targets.flatMap(({ figure, toFigure = figure }) => [figure, toFigure])
    expect([...spoken, ...plotted].filter((figure) => !(figure in figures))).toEqual([])
    expect(targets.map(({ row }) => row).filter((row) => !rows.includes(row))).toEqual([])
    expect(targets.filter(({ atLeast, atMost }) => (atLeast === undefined) === (atMost === undefined))).toEqual([])
  })
}
