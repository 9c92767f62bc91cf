import { setTimeout as pause } from 'node:timers/promises'
import { taskBody } from '../api.ts'
import { startLoad } from '../http-load.ts'
import { ADMIN_TOKEN, type Server, startEmptyRoute, startTaskFlow } from '../processes.ts'
import type { Figures } from '../rounds.ts'
import type { Bench, Scenario } from '../scenario.ts'
import type { Engine } from '../stores.ts'

const CONNECTIONS = 50
const EMPTY_ROUTE = 'empty Fastify route'

const secondsOf = ({ isQuick }: Bench) => (isQuick ? { warmUp: 1, measured: 2 } : { warmUp: 2, measured: 5 })

export const submitSingles: Scenario = {
  name: 'submit-singles',
  summary:
    '`POST /v1/tasks` over 50 connections, authenticated, validated and durable before each reply, by a process of role api; ' +
    'against a Fastify route that reads the same body and does nothing.',
  figures: { submit: 'requests/s' },
  settings: (bench) => ({
    connections: CONNECTIONS,
    warmUpSeconds: secondsOf(bench).warmUp,
    seconds: secondsOf(bench).measured,
  }),
  contenders: (bench) => ({
    [EMPTY_ROUTE]: async () => measureSubmits(await startEmptyRoute(bench.profileDir), bench),
    PostgreSQL: () => submitTo('PostgreSQL', bench),
    PGlite: () => submitTo('PGlite', bench),
  }),
  ratios: [
    { figure: 'submit', of: 'PostgreSQL', to: EMPTY_ROUTE },
    { figure: 'submit', of: 'PGlite', to: EMPTY_ROUTE },
  ],
}

const submitTo = (engine: Engine, bench: Bench): Promise<Figures> =>
  bench.stores.with(engine, async (store) =>
    measureSubmits(await startTaskFlow(store, { roles: ['api'], profileDir: bench.profileDir }), bench),
  )

/** Ends the server. */
export async function measureSubmits(server: Server, bench: Bench): Promise<Figures> {
  const { warmUp, measured } = secondsOf(bench)
  const body = taskBody('bench.noop')
  try {
    const load = await startLoad({
      url: server.url,
      path: '/v1/tasks',
      token: ADMIN_TOKEN,
      body,
      connections: CONNECTIONS,
    })
    await pause(warmUp * 1_000)
    const [before, startedMs] = [load.count, performance.now()]
    await pause(measured * 1_000)
    const submit = ((load.count - before) / (performance.now() - startedMs)) * 1_000
    await load.stop()
    return { submit }
  } finally {
    await server.stop()
  }
}
