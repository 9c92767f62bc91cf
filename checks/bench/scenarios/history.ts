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
  title: 'With ten million finished tasks',
  summary:
    'The same work on two stores: one with a history of ten million finished tasks (two million on each of the ' +
    'last five days), one without. One worker runs a backlog; 50 connections submit single tasks that run as they ' +
    'come; and single tasks measure the time from the submit call to the start of the handler.',
  figures: RATES,
  settings: (bench) => ({ ...sizesOf(bench), ...planOf(bench) }),
  ...contest,
  targets: targetsOf('G', 'with ten million finished tasks', 0.05, { of: WITH, to: [WITHOUT] }),
}
