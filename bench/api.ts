import { once } from 'node:events'
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { withClient } from './postgres.ts'
import { ADMIN_TOKEN, type Server } from './processes.ts'
import type { Store } from './stores.ts'

const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }

// Seldom, since looking costs; how long a run took is read from its rows.
const LOOK_MS = 100
const PATIENCE_MS = 120_000

/** A task of the bench, with a payload of about 100 bytes. */
export const taskBody = (type: string): string =>
  JSON.stringify({ type, payload: { order: 'A-2026-000417', text: 'x'.repeat(64) } })

/** Submits so many tasks in one NDJSON request; resolves with the last line of the reply, or throws when a line is refused. */
export async function submitLines(server: Server, type: string, count: number): Promise<void> {
  const outgoing = request(`${server.url}/v1/tasks/batch`, {
    method: 'POST',
    headers: { ...AUTHORIZED, 'content-type': 'application/x-ndjson' },
  })
  outgoing.end(`${taskBody(type)}\n`.repeat(count))
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
    body: taskBody(type),
  })
  if (reply.status !== 201) throw new Error(`Expected 201, got ${reply.status}: ${await reply.text()}`)
  await reply.arrayBuffer()
}

/** Until every task of a store is finished, `count` of them since this server, of all roles, started. */
export async function untilSettled(server: Server, store: Store, count: number): Promise<void> {
  if (store.url !== undefined) return untilEmpty(store.url)
  // PGlite has one process, which alone can be asked; a list would cost it more than its counters.
  await until(async () => (await settledBy(server)) >= count)
}

/** Until a store on PostgreSQL has no unfinished task: asked of the database, which costs the servers nothing. */
export function untilEmpty(url: string): Promise<void> {
  return withClient(url, (client) =>
    until(async () => {
      const { rows } = await client.query<{ has: boolean }>({
        name: 'has',
        text: 'select exists (select from task) as has',
      })
      return rows[0]?.has === false
    }),
  )
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error(`Tasks are unfinished after ${PATIENCE_MS} ms`)
    await pause(LOOK_MS)
  }
}

async function settledBy(server: Server): Promise<number> {
  const text = await get(server, '/metrics').then((reply) => reply.text())
  const counts = text.matchAll(/^taskflow_tasks_settled_total\{[^}]*\} (\d+)$/gm)
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0)
}

interface Seen {
  readonly state: string
  readonly createdAt: string
  readonly startedAt: string
  readonly finishedAt: string
  readonly result?: unknown
}

/** Every task there is, newest first. */
export async function listTasks(server: Server, type: string): Promise<Seen[]> {
  const seen: Seen[] = []
  let cursor = ''
  do {
    const reply = await get(server, `/v1/tasks?type=${type}&limit=200&include=result${cursor && `&cursor=${cursor}`}`)
    const { items, nextCursor } = (await reply.json()) as { items: Seen[]; nextCursor: string | null }
    seen.push(...items)
    cursor = nextCursor ?? ''
  } while (cursor)
  const unfinished = seen.find(({ state }) => state !== 'succeeded')
  if (unfinished) throw new Error(`Expected every task to have succeeded, got one that is ${unfinished.state}`)
  return seen
}

async function get(server: Server, path: string): Promise<Response> {
  const reply = await fetch(`${server.url}${path}`, { headers: AUTHORIZED })
  if (!reply.ok) throw new Error(`GET ${path} gave ${reply.status}: ${await reply.text()}`)
  return reply
}
