import { BARE_QUEUE, BULLMQ_REDIS, type Contender, PEERS, POSTGRES_PEERS, TASKFLOW } from '../contenders.ts'
import { AT_ONCE } from '../load.ts'
import { race } from '../race.ts'
import type { Figures } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import { rateOfRan, withTeam } from '../team.ts'

const forMsOf = (bench: Bench): number => sized(bench, 1_500, 1_000, 100)

export const submit: Scenario = {
  name: 'submit',
  rows: ['A'],
  title: 'Single submits, straight to the store',
  summary:
    'One producer process submits one task per call, with 50 calls in flight, while no worker runs. A call ' +
    'returns when its task is as durable as the system makes it. The bare queue collects single inserts into one ' +
    'statement while the last statement is in flight; it shows what this machine does without the features of a task system.',
  figures: { submit: 'tasks/s' },
  settings: (bench) => ({ atOnce: AT_ONCE, measuredMs: forMsOf(bench) }),
  contenders: (bench) => race(bench, [BARE_QUEUE, TASKFLOW, ...PEERS], (contender) => measure(bench, contender)),
  targets: [
    {
      row: 'A',
      measure: 'single submits, 50 at once, against BullMQ on Redis',
      figure: 'submit',
      of: TASKFLOW.title,
      to: [BULLMQ_REDIS.title],
      atLeast: 1.5,
    },
    {
      row: 'A',
      measure: 'single submits, 50 at once, against the best PostgreSQL peer',
      figure: 'submit',
      of: TASKFLOW.title,
      to: POSTGRES_PEERS.map(({ title }) => title),
      atLeast: 15,
    },
    {
      row: 'A',
      measure: 'single submits, 50 at once, against the limit of batched inserts',
      figure: 'submit',
      of: TASKFLOW.title,
      to: [BARE_QUEUE.title],
      atLeast: 0.75,
    },
  ],
}

function measure(bench: Bench, contender: Contender): Promise<Figures> {
  return withTeam(bench, contender, 0, async (team) => ({
    submit: rateOfRan(await team.singles({ forMs: forMsOf(bench) })),
  }))
}
