import { setTimeout as pause } from 'node:timers/promises'
import { listTasks, submitTask, untilSettled } from '../api.ts'
import { startTaskFlow } from '../processes.ts'
import { type Figures, percentileOf } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import type { Engine } from '../stores.ts'

const TYPE = 'bench.tell-start'
const WARM_UP = 20
// Long enough for everything to have come to rest since the last task.
const GAP_MS = 50

const samplesOf = ({ isQuick }: Bench): number => (isQuick ? 50 : 200)

export const pickup: Scenario = {
  name: 'pickup',
  summary:
    'From the call that submits a task over HTTP to the start of its handler, one task at a time on an otherwise idle process ' +
    'of all roles.',
  figures: { p50: 'ms', p99: 'ms' },
  settings: (bench) => ({ samples: samplesOf(bench), warmUpTasks: WARM_UP, gapMs: GAP_MS }),
  contenders: (bench) => ({
    PostgreSQL: () => measure('PostgreSQL', bench),
    PGlite: () => measure('PGlite', bench),
  }),
}

function measure(engine: Engine, bench: Bench): Promise<Figures> {
  const samples = samplesOf(bench)
  return bench.stores.with(engine, async (store) => {
    const server = await startTaskFlow(store, bench)
    try {
      const calledAt: number[] = []
      for (let call = 0; call < WARM_UP + samples; call++) {
        await pause(GAP_MS)
        calledAt.push(performance.timeOrigin + performance.now())
        await submitTask(server, TYPE)
      }
      await untilSettled(server, store, calledAt.length)
      const startedAt = (await listTasks(server, TYPE)).map(({ result }) => Number(result)).reverse()
      const latencies = startedAt.map((at, index) => at - (calledAt[index] ?? 0)).slice(WARM_UP)
      return { p50: percentileOf(latencies, 0.5), p99: percentileOf(latencies, 0.99) }
    } finally {
      await server.stop()
    }
  })
}
