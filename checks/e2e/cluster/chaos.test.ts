import { describeWith } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { runChaos } from '../../proof/chaos/chaos.ts'

const MINUTES = 1
const SEED = 3

describeWith(['redis', 'pgbouncer'], 'a minute of chaos', () => {
  test('breaks no promise', { timeout: 600_000 }, async ({ annotate }) => {
    const log: string[] = []
    const result = await runChaos({
      seed: SEED,
      broker: 'redis',
      apis: 2,
      workers: 2,
      coordinators: 2,
      minutes: MINUTES,
      tasksPerSecond: 20,
      log: (sentence) => log.push(sentence),
    })
    const { accepted, figures, lost, doubled, harms } = result
    await annotate(
      `${accepted} tasks, ${figures.attempts} attempts, ${figures.rescues} rescues; ${JSON.stringify(harms)}`,
    )
    expect(result.violations, log.join('\n')).toEqual([])
    expect([lost, doubled, figures.unfinished]).toEqual([0, 0, 0])
    // A run in which nothing happened would break nothing either.
    expect(figures.succeeded).toBeGreaterThan(200)
    expect(Object.keys(harms).length).toBeGreaterThan(0)
  })
})
