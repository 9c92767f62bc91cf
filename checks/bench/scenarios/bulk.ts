import { withCaller } from '../callers.ts'
import { BARE_QUEUE, type Contender, GRAPHILE, PEERS, TASKFLOW } from '../contenders.ts'
import { startTaskFlow } from '../processes.ts'
import { race } from '../race.ts'
import type { Figures } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import { rateOfRan, withTeam } from '../team.ts'

const NDJSON = 'TaskFlow, NDJSON over HTTP'
const SIZE = 1_000
const AT_ONCE = 2
const LINES = 10_000

const forMsOf = (bench: Bench): number => sized(bench, 1_500, 1_000, 100)
const linesOf = (bench: Bench): number => sized(bench, LINES, LINES, 500)

export const bulk: Scenario = {
  name: 'bulk',
  rows: ['C'],
  title: 'Bulk submits',
  summary:
    'One producer process submits batches of 1,000 tasks by the bulk call of each system, with two calls in ' +
    'flight, while no worker runs. NDJSON: one request of 10,000 lines after the other to a process with the role ' +
    '`api`, each until the last line of its reply.',
  figures: { submit: 'tasks/s' },
  settings: (bench) => ({ batch: SIZE, atOnce: AT_ONCE, lines: linesOf(bench), measuredMs: forMsOf(bench) }),
  contenders: (bench) => ({
    ...race(
      bench,
      [BARE_QUEUE, TASKFLOW, ...PEERS].filter(({ hasBatches }) => hasBatches),
      (contender) => measure(bench, contender),
    ),
    [NDJSON]: () => measureLines(bench),
  }),
  targets: [
    {
      row: 'C',
      measure: 'batches of 1,000, against graphile-worker',
      figure: 'submit',
      of: TASKFLOW.title,
      to: [GRAPHILE.title],
      atLeast: 1.4,
    },
    {
      row: 'C',
      measure: 'NDJSON over HTTP, against graphile-worker (60 % of the target for batches)',
      figure: 'submit',
      of: NDJSON,
      to: [GRAPHILE.title],
      atLeast: 0.84,
    },
  ],
}

const measure = (bench: Bench, contender: Contender): Promise<Figures> =>
  withTeam(bench, contender, 0, async (team) => ({
    submit: rateOfRan(await team.batches({ forMs: forMsOf(bench), size: SIZE, atOnce: AT_ONCE })),
  }))

function measureLines(bench: Bench): Promise<Figures> {
  const { stores, profileDir } = bench
  return stores.with('PostgreSQL', async ({ env }) => {
    const api = await startTaskFlow(env, { roles: ['api'], profileDir })
    try {
      return await withCaller(bench, api, async ({ lines }) => {
        await lines(forMsOf(bench) / 4, linesOf(bench) / 10)
        return { submit: rateOfRan(await lines(forMsOf(bench), linesOf(bench))) }
      })
    } finally {
      await api.stop()
    }
  })
}
