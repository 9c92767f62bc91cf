import { type Contender, TASKFLOW, TASKFLOW_RABBITMQ, TASKFLOW_REDIS } from '../contenders.ts'
import { missingOf } from '../race.ts'
import type { Figures } from '../rounds.ts'
import { type Bench, type Contest, type Scenario, sized } from '../scenario.ts'
import { withTeam } from '../team.ts'

const COUNTS = [1, 2, 4, 8] as const
const BATCH = 1_000

// No loss: what is less than this by chance alone, of two figures that each spread by some percent.
const NO_LOSS = 0.95

const tasksOf = (bench: Bench): number => sized(bench, 20_000, 5_000, 500)
const countsOf = (bench: Bench) => COUNTS.filter((count) => count <= sized(bench, 8, 4, 1))
const figureOf = (count: number): string => `${count} worker${count === 1 ? '' : 's'}`

export const workers: Scenario = {
  name: 'workers',
  rows: ['L'],
  // Two minutes each, and three were within a tenth of each other.
  mostRounds: 1,
  title: 'Several workers',
  summary:
    'Groups of 1, 2, 4 and 8 worker processes run a backlog of 20,000 tasks, with each broker. All share the cores ' +
    'of this machine with the database. The row shows whether workers beyond the number of cores reduce the rate.',
  figures: Object.fromEntries(COUNTS.map((count) => [figureOf(count), 'tasks/s'])),
  settings: (bench) => ({ tasks: tasksOf(bench) }),
  contenders(bench): Contest {
    const systems = bench.isQuick ? [TASKFLOW] : [TASKFLOW, TASKFLOW_REDIS, TASKFLOW_RABBITMQ]
    return Object.fromEntries(
      systems.map((contender) => {
        const missing = missingOf(bench, contender)
        return [contender.title, missing === undefined ? () => measure(bench, contender) : { missing }]
      }),
    )
  },
  targets: [TASKFLOW, TASKFLOW_REDIS, TASKFLOW_RABBITMQ].map(({ title }) => ({
    row: 'L',
    measure: `${title}, 8 workers against 2`,
    figure: figureOf(8),
    of: title,
    to: [title],
    toFigure: figureOf(2),
    atLeast: NO_LOSS,
  })),
}

async function measure(bench: Bench, contender: Contender): Promise<Figures> {
  const figures: Record<string, number> = {}
  for (const count of countsOf(bench)) figures[figureOf(count)] = await rateOf(bench, contender, count)
  return figures
}

function rateOf(bench: Bench, contender: Contender, workers: number): Promise<number> {
  const tasks = tasksOf(bench)
  return withTeam(bench, contender, workers, async (team) => {
    await team.shut()
    const { count } = await team.batches({ tasks, size: BATCH, atOnce: 2 })
    const beganMs = await team.open()
    return (count / ((await team.untilSettled(count)) - beganMs)) * 1_000
  })
}
