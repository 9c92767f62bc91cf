import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { withClient } from './postgres.ts'
import { ADMIN_TOKEN, type Server } from './processes.ts'

const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }

// Seldom, since looking costs; how long a run took is read from its rows.
const LOOK_MS = 100
const PATIENCE_MS = 120_000

/** A task of a type, with a payload of about 100 bytes. */
export const taskOf = (type: string): string =>
  JSON.stringify({ type, payload: { order: 'A-2026-000417', text: 'x'.repeat(64) } })

/** Submits so many tasks in one NDJSON request; resolves with the last line of the reply, or throws when a line is refused. */
export async function submitLines(server: Server, type: string, count: number): Promise<void> {
  const outgoing = request(`${server.url}/v1/tasks/batch`, {
    method: 'POST',
    headers: { ...AUTHORIZED, 'content-type': 'application/x-ndjson' },
  })
  outgoing.end(`${taskOf(type)}\n`.repeat(count))
  const [reply] = await once(outgoing, 'response')
  let text = ''
  for await (const chunk of reply.setEncoding('utf8')) text += chunk
  const stored = text.match(/"id":/g)?.length ?? 0
  if (stored !== count) throw new Error(`Expected ${count} tasks stored, got ${stored}: ${text.slice(0, 500)}`)
}

export async function submitTask(server: Server, type: string): Promise<void> {
  const reply = await fetch(`${server.url}/v1/tasks`, {
    method: 'POST',
    headers: { ...AUTHORIZED, 'content-type': 'application/json' },
    body: taskOf(type),
  })
  if (reply.status !== 201) throw new Error(`Expected 201, got ${reply.status}: ${await reply.text()}`)
  await reply.arrayBuffer()
}

/** The text that Prometheus reads. */
export async function metricsOf(server: Server): Promise<string> {
  const reply = await fetch(`${server.url}/metrics`, { headers: AUTHORIZED })
  return reply.text()
}

/** Until a store on PostgreSQL has no unfinished task: asked of the database, which costs the servers nothing. */
export function untilEmpty(url: string): Promise<void> {
  return withClient(url, async (client) => {
    const deadline = performance.now() + PATIENCE_MS
    const look = { name: 'has', text: 'select exists (select from task) as has' }
    while ((await client.query<{ has: boolean }>(look)).rows[0]?.has) {
      if (performance.now() > deadline) throw new Error(`Tasks are unfinished after ${PATIENCE_MS} ms`)
      await pause(LOOK_MS)
    }
  })
}
