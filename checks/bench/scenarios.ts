import type { Scenario } from './scenario.ts'
import { backlog } from './scenarios/backlog.ts'
import { bulk } from './scenarios/bulk.ts'
import { costOfATask } from './scenarios/cost-of-a-task.ts'
import { drivers } from './scenarios/drivers.ts'
import { history } from './scenarios/history.ts'
import { httpSubmit } from './scenarios/http-submit.ts'
import { idle } from './scenarios/idle.ts'
import { limits } from './scenarios/limits.ts'
import { options } from './scenarios/options.ts'
import { originalDesign } from './scenarios/original-design.ts'
import { pickup } from './scenarios/pickup.ts'
import { pooler } from './scenarios/pooler.ts'
import { rabbitmqSubqueues } from './scenarios/rabbitmq-subqueues.ts'
import { redisSubqueues } from './scenarios/redis-subqueues.ts'
import { steps } from './scenarios/steps.ts'
import { submit } from './scenarios/submit.ts'
import { together } from './scenarios/together.ts'
import { waiting } from './scenarios/waiting.ts'
import { workers } from './scenarios/workers.ts'

/** In the order of the page. Here, and nowhere else, a scenario is added. */
export const SCENARIOS: readonly Scenario[] = [
  submit,
  httpSubmit,
  bulk,
  backlog,
  together,
  pickup,
  steps,
  history,
  waiting,
  idle,
  costOfATask,
  workers,
  originalDesign,
  options,
  limits,
  pooler,
  drivers,
  redisSubqueues,
  rabbitmqSubqueues,
]

/** Of names and letters separated by commas; where absent, all that do not stand aside. */
export function scenariosNamed(only: string | undefined): readonly Scenario[] {
  if (only === undefined) return SCENARIOS.filter(({ isAside }) => !isAside)
  const wanted = only.split(',')
  const known = new Set(SCENARIOS.flatMap(({ name, rows = [] }) => [name, ...rows]))
  const stranger = wanted.find((name) => !known.has(name))
  if (stranger !== undefined)
    throw new TypeError(`There is no scenario ${stranger}; there are ${[...known].join(', ')}`)
  return SCENARIOS.filter(({ name, rows = [] }) => wanted.includes(name) || rows.some((row) => wanted.includes(row)))
}
