import { describe, expect, test } from 'vitest'
import { explore } from './checker.ts'
import { leaseModel } from './lease-model.ts'
import { RULES, type Rules } from './lease-protocol.ts'
import { ACCIDENTS } from './lease-state.ts'
import { rulesWithout, VARIANTS, variantSize } from './variants.ts'

describe('the lease protocol', () => {
  test('keeps its promises with two workers, one task and one accident of any kind', () => {
    const size = { tasks: 1, workers: 2, accidents: 1, kinds: ACCIDENTS, maxAttempts: 2 }
    const { states, failure } = explore(leaseModel(size))
    expect(failure).toBeUndefined()
    expect(states).toBeGreaterThan(3_000)
  })

  test('keeps its promises with two workers and two tasks that fail, are retried and are cancelled', () => {
    const size = { tasks: 2, workers: 2, accidents: 0, kinds: [], maxAttempts: 2 }
    expect(explore(leaseModel(size)).failure).toBeUndefined()
  })

  for (const variant of VARIANTS)
    test(`breaks ${variant.breaks} as ${variant.name}`, () => {
      const { failure } = explore(leaseModel(variantSize(variant), rulesWithout(variant.without)))
      expect(failure?.promise).toBe(variant.breaks)
    })

  test('has a variant for each of its rules', () => {
    const rules = Object.keys(RULES) as (keyof Rules)[]
    expect(VARIANTS.map(({ without }) => without).sort()).toEqual(rules.sort())
  })
})
