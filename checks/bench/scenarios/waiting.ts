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
  title: 'With a million waiting tasks',
  summary:
    'The same work as with ten million finished tasks, on two stores: in one, a million tasks of other types ' +
    'wait, half of them in the same queue, and ten thousand are scheduled for each second of the next minute; in ' +
    'the other, none.',
  figures: RATES,
  settings: (bench) => {
    const { queued, scheduled } = planOf(bench)
    return { ...sizesOf(bench), queued, scheduled }
  },
  ...contest,
  targets: targetsOf('H', 'with a million waiting and 10,000 a second scheduled', 0.1, { of: WITH, to: [WITHOUT] }),
}
