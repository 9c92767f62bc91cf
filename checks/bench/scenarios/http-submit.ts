import { CONNECTIONS, withCaller } from '../callers.ts'
import { type Server, startRoute, startTaskFlow } from '../processes.ts'
import type { Figures } from '../rounds.ts'
import { type Bench, type Scenario, sized } from '../scenario.ts'
import { rateOfRan } from '../team.ts'

const EMPTY_ROUTE = 'limit: empty Fastify route'
const TASKFLOW = 'TaskFlow'
const BULLMQ_ROUTE = 'Fastify route that calls BullMQ'

const forMsOf = (bench: Bench): number => sized(bench, 3_000, 1_500, 100)

export const httpSubmit: Scenario = {
  name: 'http-submit',
  rows: ['B'],
  title: 'Single submits over HTTP',
  summary:
    'Fifty connections call `POST /v1/tasks`, with one call in flight each. One process with the role `api` ' +
    'authenticates and validates each request and stores the task durably before it replies. The empty Fastify ' +
    'route reads the same body and does nothing. The other Fastify route validates the body and adds it to ' +
    'BullMQ.',
  figures: { submit: 'requests/s' },
  settings: (bench) => ({ connections: CONNECTIONS, warmUpMs: forMsOf(bench) / 3, measuredMs: forMsOf(bench) }),
  contenders: (bench) => ({
    [EMPTY_ROUTE]: async () => measure(bench, await startRoute('empty-route.ts', bench)),
    [TASKFLOW]: () =>
      bench.stores.with('PostgreSQL', async ({ env }) =>
        measure(bench, await startTaskFlow(env, { roles: ['api'], profileDir: bench.profileDir })),
      ),
    [BULLMQ_ROUTE]:
      bench.services.missing.redis === undefined
        ? () => throughBullmq(bench)
        : { missing: bench.services.missing.redis },
  }),
  targets: [
    {
      row: 'B',
      measure: '`POST /v1/tasks`, 50 connections, against an empty Fastify route',
      figure: 'submit',
      of: TASKFLOW,
      to: [EMPTY_ROUTE],
      atLeast: 0.35,
    },
    {
      row: 'B',
      measure: '`POST /v1/tasks`, 50 connections, against a Fastify route that calls BullMQ',
      figure: 'submit',
      of: TASKFLOW,
      to: [BULLMQ_ROUTE],
      atLeast: 1,
    },
  ],
}

const throughBullmq = (bench: Bench): Promise<Figures> =>
  bench.stores.withPlace(['redis'], async ({ redisUrl }) =>
    measure(bench, await startRoute('bullmq-route.ts', { ...bench, env: { REDIS_URL: redisUrl } })),
  )

/** Ends the server. */
async function measure(bench: Bench, server: Server): Promise<Figures> {
  try {
    return await withCaller(bench, server, async ({ singles }) => {
      await singles(forMsOf(bench) / 3)
      return { submit: rateOfRan(await singles(forMsOf(bench))) }
    })
  } finally {
    await server.stop()
  }
}
