import { BEE_QUEUE, BULLMQ_REDIS, type Contender, PEERS, POSTGRES_PEERS, TASKFLOW } from '../contenders.ts'
import { AT_ONCE } from '../load.ts'
import { race } from '../race.ts'
import type { Figures } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import { type Ran, type Team, withTeam } from '../team.ts'

const SIZE = 100
const BATCHES_AT_ONCE = 5

const forMsOf = (bench: Bench): number => sized(bench, 2_000, 1_000, 100)

export const together: Scenario = {
  name: 'together',
  rows: ['E'],
  title: 'Submit and process at once',
  summary:
    'One producer process submits tasks for two seconds while one worker process runs them: first one task per ' +
    'call with 50 calls in flight, then batches of 100 with five in flight. The rate counts all tasks, from the ' +
    'first call until the store has no unfinished task.',
  figures: { singles: 'tasks/s', 'batches of 100': 'tasks/s' },
  settings: (bench) => ({ submitMs: forMsOf(bench), atOnce: AT_ONCE, batchesAtOnce: BATCHES_AT_ONCE }),
  contenders: (bench) => race(bench, [TASKFLOW, ...PEERS], (contender) => measure(bench, contender)),
  targets: [
    {
      row: 'E',
      measure: 'submit singly and process at once, against BullMQ on Redis',
      figure: 'singles',
      of: TASKFLOW.title,
      to: [BULLMQ_REDIS.title],
      atLeast: 2.3,
    },
    {
      row: 'E',
      measure: 'submit singly and process at once, against bee-queue',
      figure: 'singles',
      of: TASKFLOW.title,
      to: [BEE_QUEUE.title],
      atLeast: 1.05,
    },
    {
      row: 'E',
      measure: 'submit singly and process at once, against the best PostgreSQL peer',
      figure: 'singles',
      of: TASKFLOW.title,
      to: POSTGRES_PEERS.map(({ title }) => title),
      atLeast: 20,
    },
  ],
}

async function measure(bench: Bench, contender: Contender): Promise<Figures> {
  const forMs = forMsOf(bench)
  const rateOf = (submit: (team: Team) => Promise<Ran>): Promise<number> =>
    withTeam(bench, contender, 1, async (team) => {
      const { count, beganMs } = await submit(team)
      return (count / ((await team.untilSettled(count)) - beganMs)) * 1_000
    })
  const singles = await rateOf((team) => team.singles({ forMs }))
  if (!contender.hasBatches) return { singles }
  const batches = await rateOf((team) => team.batches({ forMs, size: SIZE, atOnce: BATCHES_AT_ONCE }))
  return { singles, 'batches of 100': batches }
}
