import { fillWaiting } from '@taskflow/testing/fill-tables'
import { filledContest } from '../filled-store.ts'
import { RATES, sizesOf, targetsOf } from '../rates-of-a-store.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'

const WITH = 'a million wait'
const WITHOUT = 'nothing waits'

const planOf = (bench: Bench) => ({
  // Half of them in the very queue that the worker takes from, of types that it does not know.
  queues: ['default', 'waiting-1'],
  types: Array.from({ length: 10 }, (_, number) => `waiting.${number}`),
  queued: sized(bench, 1_000_000, 20_000, 1_000),
  scheduled: sized(bench, 600_000, 10_000, 600),
})

const contest = filledContest(WITHOUT, WITH, (bench, url) => fillWaiting(url, planOf(bench)))

export const waiting: Scenario = {
  name: 'waiting',
  rows: ['H'],
  title: 'A million tasks waiting',
  summary:
    'The same work where a million tasks of other types wait, half of them in the same queue, and ten thousand are scheduled for each second ' +
    'of a minute to come, and where none do. What is measured is that of `history`.',
  figures: RATES,
  settings: (bench) => {
    const { queued, scheduled } = planOf(bench)
    return { ...sizesOf(bench), queued, scheduled }
  },
  ...contest,
  targets: targetsOf('H', 'a million waiting, 10,000 a second to come', 0.1, { of: WITH, to: [WITHOUT] }),
}
