import { describeWith } from '@taskflow/testing/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBench } from './bench.ts'
import { measure } from './measure.ts'
import { specOf } from './plot.ts'
import { SCENARIOS } from './scenarios.ts'

// Every scenario once, with next to nothing to do: its figures mean nothing, but that they are there.
describeWith(['redis', 'rabbitmq', 'pgbouncer'], 'the benchmark', () => {
  let bench: Awaited<ReturnType<typeof openBench>>
  beforeAll(async () => {
    bench = await openBench({ isQuick: true, isTiny: true, isAlone: false, profileDir: undefined })
  })
  afterAll(() => bench.close())

  for (const scenario of SCENARIOS) {
    test(`measures ${scenario.name}`, async () => {
      const failed: unknown[] = []
      const result = await measure(scenario, bench, 1, (contender, _round, outcome) => {
        if (outcome instanceof Error) failed.push({ contender, outcome })
      })
      expect(failed).toEqual([])
      const contenders = Object.values(result.contenders)
      expect(contenders.length).toBeGreaterThan(0)
      for (const spreads of contenders) {
        expect(Object.keys(spreads)).not.toEqual([])
        expect(Object.values(spreads).filter(({ median }) => !Number.isFinite(median))).toEqual([])
      }
      expect(specOf(scenario, result)).toHaveProperty('vconcat')
    })
  }
})
