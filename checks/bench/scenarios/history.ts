import { fillHistory } from '@taskflow/testing/fill-tables'
import { filledContest } from '../filled-store.ts'
import { RATES, sizesOf, targetsOf } from '../rates-of-a-store.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'

const WITH = 'ten million finished'
const WITHOUT = 'no history'

const planOf = (bench: Bench) => ({ days: 5, tasksPerDay: sized(bench, 2_000_000, 40_000, 1_000) })

const contest = filledContest(WITHOUT, WITH, (bench, url) => fillHistory(url, planOf(bench)))

export const history: Scenario = {
  name: 'history',
  rows: ['G'],
  title: 'Ten million finished tasks behind it',
  summary:
    'The same work before a history of ten million finished tasks (two million of each of the last five days) and before none: a backlog run by one ' +
    'worker; single submissions over 50 connections, run as they come; and from the call that submits a task to the start of its handler, one at a time.',
  figures: RATES,
  settings: (bench) => ({ ...sizesOf(bench), ...planOf(bench) }),
  ...contest,
  targets: targetsOf('G', 'ten million finished behind it', 0.05, { of: WITH, to: [WITHOUT] }),
}
