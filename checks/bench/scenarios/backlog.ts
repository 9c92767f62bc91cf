import { setTimeout as pause } from 'node:timers/promises'
import { familyMiBOf } from '@taskflow/testing/measuring/process-usage'
import { BARE_QUEUE, BULLMQ_REDIS, type Contender, GRAPHILE, PEERS, TASKFLOW } from '../contenders.ts'
import { race } from '../race.ts'
import type { Figures } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import { withTeam } from '../team.ts'

const BATCH = 1_000
// Long enough for two of the rounds in which a process releases memory that it does not need.
const REST_MS = 12_000

const tasksOf = (bench: Bench, share = 1): number => sized(bench, 50_000, 10_000, 1_000) * share

export const backlog: Scenario = {
  name: 'backlog',
  rows: ['D', 'I'],
  title: 'A backlog',
  summary:
    'One warm worker process runs a backlog of 50,000 no-op tasks. Its handlers wait until all tasks are stored. ' +
    'The time runs from their release until the store has no unfinished task. Memory is the resident memory of ' +
    'the worker and its children right after the backlog, and for TaskFlow also after 12 seconds at rest, because ' +
    'TaskFlow then releases memory it does not need.',
  figures: { backlog: 'tasks/s', 'worker memory': 'MiB', 'worker memory at rest': 'MiB' },
  settings: (bench) => ({
    tasks: tasksOf(bench),
    ...Object.fromEntries(
      PEERS.filter(({ share }) => share < 1).map(({ title, share }) => [`tasks of ${title}`, tasksOf(bench, share)]),
    ),
  }),
  contenders: (bench) =>
    race(bench, [BARE_QUEUE, TASKFLOW, ...PEERS], (contender, round) => measure(bench, contender, round)),
  targets: [
    {
      row: 'D',
      measure: 'backlog of 50,000, one worker process, against BullMQ on Redis',
      figure: 'backlog',
      of: TASKFLOW.title,
      to: [BULLMQ_REDIS.title],
      atLeast: 2.5,
    },
    {
      row: 'D',
      measure: 'backlog of 50,000, one worker process, against graphile-worker with its fastest settings',
      figure: 'backlog',
      of: TASKFLOW.title,
      to: [GRAPHILE.title],
      atLeast: 1.8,
    },
    {
      row: 'I',
      measure: 'memory of a worker at rest after the backlog, MiB',
      figure: 'worker memory at rest',
      of: TASKFLOW.title,
      atMost: 180,
    },
  ],
}

function measure(bench: Bench, contender: Contender, round: number): Promise<Figures> {
  const tasks = tasksOf(bench, contender.share)
  return withTeam(bench, contender, 1, async (team) => {
    await team.shut()
    const { count } = await team.batches({ tasks, size: BATCH, atOnce: 2 })
    const beganMs = await team.open()
    const endedMs = await team.untilSettled(count)
    const memory = () => team.workerPids.reduce((sum, pid) => sum + familyMiBOf(pid), 0)
    const figures = { backlog: (count / (endedMs - beganMs)) * 1_000, 'worker memory': memory() }
    // The memory at rest hardly varies between rounds.
    if (contender !== TASKFLOW || round > 1) return figures
    await pause(sized(bench, REST_MS, 0, 0))
    return { ...figures, 'worker memory at rest': memory() }
  })
}
