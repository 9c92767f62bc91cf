import { BULLMQ_REDIS, PEERS, POSTGRES_PEERS, TASKFLOW, TASKFLOW_REDIS } from '../contenders.ts'
import { race } from '../race.ts'
import { type Figures, percentileOf } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import { type Team, withTeam } from '../team.ts'

const GAP_MS = 10
const PER_SECOND = 500

const sizesOf = (bench: Bench) =>
  sized(bench, { idle: 150, busy: 1_000 }, { idle: 50, busy: 500 }, { idle: 5, busy: 50 })

export const pickup: Scenario = {
  name: 'pickup',
  rows: ['F'],
  title: 'Pickup latency',
  summary:
    'The latency from the call that submits a task to the start of its handler in another process. Idle: one task ' +
    'at a time, each 10 ms after the last was stored. At 500/s: a steady rate, whether or not earlier calls have ' +
    'returned.',
  figures: { 'idle p50': 'ms', 'idle p99': 'ms', '500/s p50': 'ms', '500/s p99': 'ms' },
  plotted: ['idle p50', '500/s p50', '500/s p99'],
  settings: (bench) => ({ ...sizesOf(bench), gapMs: GAP_MS, perSecond: PER_SECOND }),
  contenders: (bench) =>
    race(bench, [TASKFLOW, TASKFLOW_REDIS, ...PEERS], (contender) =>
      withTeam(bench, contender, 1, (team) => measure(bench, team)),
    ),
  targets: [
    ...(['idle p50', 'idle p99'] as const).map((figure) => ({
      row: 'F',
      measure: `pickup, ${figure}, against BullMQ on Redis`,
      figure,
      of: TASKFLOW.title,
      to: [BULLMQ_REDIS.title],
      atMost: 1,
    })),
    { row: 'F', measure: 'pickup at 500/s, p50, ms', figure: '500/s p50', of: TASKFLOW.title, atMost: 0.9 },
    { row: 'F', measure: 'pickup at 500/s, p99, ms', figure: '500/s p99', of: TASKFLOW.title, atMost: 4 },
    {
      row: 'F',
      measure: 'pickup at 500/s, p99, against the best PostgreSQL peer',
      figure: '500/s p99',
      of: TASKFLOW.title,
      to: POSTGRES_PEERS.map(({ title }) => title),
      atMost: 0.05,
    },
    ...(['idle p50', '500/s p50'] as const).map((figure) => ({
      row: 'F',
      measure: `pickup with Redis, ${figure}, against PostgreSQL alone`,
      figure,
      of: TASKFLOW_REDIS.title,
      to: [TASKFLOW.title],
      atMost: 1,
    })),
  ],
}

async function measure(bench: Bench, team: Team): Promise<Figures> {
  const { idle, busy } = sizesOf(bench)
  await team.spaced({ tasks: idle, gapMs: GAP_MS })
  await team.untilSettled(idle)
  const idleMs = await team.latenciesMs()
  await team.paced({ tasks: busy, perSecond: PER_SECOND })
  await team.untilSettled(busy)
  const busyMs = await team.latenciesMs()
  const percentiles = (name: string, values: readonly number[]) => ({
    [`${name} p50`]: percentileOf(values, 0.5),
    [`${name} p99`]: percentileOf(values, 0.99),
  })
  return { ...percentiles('idle', idleMs), ...percentiles('500/s', busyMs) }
}
