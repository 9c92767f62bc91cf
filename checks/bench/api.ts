import { once } from 'node:events'
import { request } from 'node:http'
import { TaskFlow } from '@taskflow/sdk'
import { withClient } from '@taskflow/testing/measuring/durable-postgres'
import { ADMIN_TOKEN } from '@taskflow/testing/start-taskflow'
import type { Server } from './processes.ts'
import { asksWhether, untilNot } from './until-not.ts'

type Address = Pick<Server, 'url'>

const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }

// Seldom, since looking costs; the duration of a run is read from its rows.
const LOOK_MS = 100

/** A task of a type, with a payload of about 100 bytes. */
export const taskOf = (type: string, options: object = {}): string =>
  JSON.stringify({ type, payload: { order: 'A-2026-000417', text: 'x'.repeat(64) }, ...options })

/** Submits that many tasks in one NDJSON request. */
export const submitLines = (server: Address, type: string, count: number): Promise<void> =>
  submitNdjson(server, `${taskOf(type)}\n`.repeat(count), count)

/**
 * Submits tasks in one NDJSON request. Resolves with the last line of the reply; rejects when not all of them were
 * stored.
 */
export async function submitNdjson(
  { url }: Address,
  body: string | Buffer,
  count: number,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const outgoing = request(`${url}/v1/tasks/batch`, {
    method: 'POST',
    headers: { ...AUTHORIZED, 'content-type': 'application/x-ndjson', ...headers },
  })
  outgoing.end(body)
  const [reply] = await once(outgoing, 'response')
  let [stored, rest] = [0, '']
  for await (const chunk of reply.setEncoding('utf8')) {
    const text = rest + chunk
    const end = text.lastIndexOf('\n') + 1
    rest = text.slice(end)
    stored += text.slice(0, end).match(/"id":/g)?.length ?? 0
  }
  if (stored !== count) throw new Error(`Expected ${count} tasks stored, got ${stored}: ${rest.slice(0, 500)}`)
}

export async function submitTask({ url }: Address, type: string): Promise<void> {
  const reply = await fetch(`${url}/v1/tasks`, {
    method: 'POST',
    headers: { ...AUTHORIZED, 'content-type': 'application/json' },
    body: taskOf(type),
  })
  if (reply.status !== 201) throw new Error(`Expected 201, got ${reply.status}: ${await reply.text()}`)
  await reply.arrayBuffer()
}

/** Cordons or uncordons all workers that the API knows; it holds for every claim after the reply. */
export async function steerWorkers({ url }: Address, verb: 'cordon' | 'uncordon'): Promise<void> {
  const { workers } = new TaskFlow({ url, token: ADMIN_TOKEN })
  const { items } = await workers.list()
  if (items.length === 0) throw new Error('Expected the API to know a worker')
  for (const { id } of items) await workers[verb](id)
}

/** The text that Prometheus reads. */
export async function metricsOf({ url }: Address): Promise<string> {
  const reply = await fetch(`${url}/metrics`, { headers: AUTHORIZED })
  return reply.text()
}

/** Resolves once a store on PostgreSQL has no unfinished task. */
export const untilEmpty = (url: string): Promise<void> =>
  withClient(url, (client) => untilNot(asksWhether(client, 'select exists (select from task) as has'), LOOK_MS))
