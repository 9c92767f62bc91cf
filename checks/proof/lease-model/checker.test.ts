import { describe, expect, test } from 'vitest'
import { explore, type Model } from './checker.ts'

/** Two who each take two forks one after the other, and put both back. */
interface Table {
  /** Who holds which fork. */
  readonly forks: readonly (number | null)[]
  readonly meals: number
}

function table({
  isOrdered,
  laws = [],
}: {
  isOrdered: boolean
  laws?: Model<Table, never>['laws']
}): Model<Table, never> {
  const orderOf = (who: number): readonly number[] => (isOrdered || who === 0 ? [0, 1] : [1, 0])
  return {
    start: { forks: [null, null], meals: 0 },
    laws,
    ending: { promise: 'end', sentence: 'A meal can always be had' },
    steps: (state) =>
      [0, 1].flatMap((who) => {
        const next = orderOf(who).find((fork) => state.forks[fork] !== who)
        if (next === undefined)
          return [
            { says: `${who} eats`, to: { forks: [null, null], meals: Math.min(2, state.meals + 1) }, isHelpful: true },
          ]
        if (state.forks[next] !== null) return []
        const forks = state.forks.map((holder, fork) => (fork === next ? who : holder))
        return [{ says: `${who} takes fork ${next}`, to: { ...state, forks }, isHelpful: true }]
      }),
    key: (state) => JSON.stringify(state),
    isEnd: ({ meals }) => meals === 2,
  }
}

describe('the checker', () => {
  test('visits every state once, and every transition', () => {
    // Forks free, the first taken by either, both by either; for none, one and two meals.
    expect(explore(table({ isOrdered: true }))).toEqual({ states: 15, transitions: 18, depth: 8, failure: undefined })
  })

  test('finds a deadlock, by a shortest way', () => {
    const { failure } = explore(table({ isOrdered: false }))
    expect(failure).toMatchObject({ promise: 'end', trace: ['0 takes fork 0', '1 takes fork 1'] })
  })

  test('finds a broken law, by a shortest way and with the step that breaks it', () => {
    const law = {
      promise: 'law',
      sentence: 'The second never eats after the first',
      isBroken: (before: Table, after: Table) => before.meals === 1 && after.meals === 2 && before.forks[0] === 1,
    }
    const { failure } = explore(table({ isOrdered: true, laws: [law] }))
    expect(failure?.trace).toHaveLength(6)
    expect(failure?.trace.at(-1)).toBe('1 eats')
  })

  test('does not count on a step that may never happen', () => {
    const model = table({ isOrdered: true })
    const steps = (state: Table) =>
      model.steps(state).map((step) => ({ ...step, isHelpful: !step.says.endsWith('eats') }))
    expect(explore({ ...model, steps }).failure).toMatchObject({ promise: 'end', trace: [] })
  })
})
