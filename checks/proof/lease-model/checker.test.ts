import { describe, expect, test } from 'vitest'
import { explore, type Model } from './checker.ts'

/** Two philosophers who each take two forks one after the other, and put both back. */
interface Table {
  /** The holder of each fork. */
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
    ending: { promise: 'end', sentence: 'Somebody can always eat' },
    steps: (state) =>
      [0, 1].flatMap((who) => {
        const next = orderOf(who).find((fork) => state.forks[fork] !== who)
        if (next === undefined)
          return [
            {
              sentence: `${who} eats`,
              to: { forks: [null, null], meals: Math.min(2, state.meals + 1) },
              isHelpful: true,
            },
          ]
        if (state.forks[next] !== null) return []
        const forks = state.forks.map((holder, fork) => (fork === next ? who : holder))
        return [{ sentence: `${who} takes fork ${next}`, to: { ...state, forks }, isHelpful: true }]
      }),
    key: (state) => JSON.stringify(state),
    isEnd: ({ meals }) => meals === 2,
  }
}

describe('the checker', () => {
  test('visits every state once, and every transition', () => {
    // The forks are free, one is taken by either, or both are taken by either; each after 0, 1 and 2 meals.
    expect(explore(table({ isOrdered: true }))).toEqual({ states: 15, transitions: 18, depth: 8, failure: undefined })
  })

  test('finds a deadlock, with a shortest trace', () => {
    const { failure } = explore(table({ isOrdered: false }))
    expect(failure).toMatchObject({ promise: 'end', trace: ['0 takes fork 0', '1 takes fork 1'] })
  })

  test('finds a broken law, with a shortest trace that ends in the breaking step', () => {
    const law = {
      promise: 'law',
      sentence: 'The second never eats after the first',
      isBroken: (before: Table, after: Table) => before.meals === 1 && after.meals === 2 && before.forks[0] === 1,
    }
    const { failure } = explore(table({ isOrdered: true, laws: [law] }))
    expect(failure?.trace).toHaveLength(6)
    expect(failure?.trace.at(-1)).toBe('1 eats')
  })

  test('does not rely on a step that may never happen', () => {
    const model = table({ isOrdered: true })
    const steps = (state: Table) =>
      model.steps(state).map((step) => ({ ...step, isHelpful: !step.sentence.endsWith('eats') }))
    expect(explore({ ...model, steps }).failure).toMatchObject({ promise: 'end', trace: [] })
  })
})
