import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Client } from 'pg'
import { TOKEN } from './profiled-server.ts'

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` }
const CONNECTIONS = 50
const LINES = 10_000
// Seldom, since looking costs.
const LOOK_MS = 50
const PATIENCE_MS = 180_000

const task = (options: object = {}): string =>
  JSON.stringify({ type: 'bench.noop', payload: { order: 'A-2026-000417', text: 'x'.repeat(64) }, ...options })

/** Submits so many tasks one by one over fifty connections. */
export async function submitSingly(url: string, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const body = task()
  let left = count
  async function submitNext(): Promise<void> {
    while (left-- > 0) await post(`${url}/v1/tasks`, 'application/json', body, agent)
  }
  try {
    await Promise.all(Array.from({ length: CONNECTIONS }, submitNext))
  } finally {
    agent.destroy()
  }
}

/** Submits so many tasks in streams of NDJSON; the options of each may depend on its number. */
export async function submitInBulk(url: string, count: number, optionsOf?: (index: number) => object): Promise<void> {
  for (let from = 0; from < count; from += LINES) {
    const length = Math.min(LINES, count - from)
    const lines = Array.from({ length }, (_, index) => `${task(optionsOf?.(from + index))}\n`)
    await post(`${url}/v1/tasks/batch`, 'application/x-ndjson', lines.join(''))
  }
}

function post(url: string, type: string, body: string, agent?: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { ...AUTHORIZED, 'content-type': type, 'content-length': Buffer.byteLength(body) }
    const outgoing = request(url, { method: 'POST', headers, ...(agent && { agent }) }, (reply) => {
      let text = ''
      reply.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      reply.on('end', () => {
        if ((reply.statusCode ?? 500) < 300) resolve()
        else reject(new Error(`${url} replied ${reply.statusCode}: ${text.slice(0, 500)}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}

/** Takes tasks out of the hands of the API's callers and puts them into those of a worker that died. */
export async function leaveToTheDead(db: Client, type: string): Promise<void> {
  await db.query(
    `insert into worker (id, project, name, host, pid, version, labels, queues, types, slots, state, started_at, heartbeat_at)
     values (gen_random_uuid(), 'default', 'dead', 'nowhere', 1, '0', '{}', '{default}', '{}', 1, 'lost', now(), now())`,
  )
  await db.query(
    `update task
     set state = 'running', worker_id = (select id from worker where name = 'dead'), lease_id = gen_random_uuid(),
         attempt = 1, started_at = now()
     where type = $1`,
    [type],
  )
}

/** In the text of what is asked for the sake of the profile alone. */
export const OUR_MARK = '/* profile */'

/** Resolves when no task is in one of these states any more. */
export async function untilNone(db: Client, states: readonly string[]): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  while (performance.now() < end) {
    const { rows } = await db.query({
      name: 'left',
      text: `${OUR_MARK} select exists (select from task where state = any($1)) as some`,
      values: [states],
    })
    if (!rows[0]?.some) return
    await pause(LOOK_MS)
  }
  throw new Error(`Waited ${PATIENCE_MS} ms in vain for no task to be ${states.join(' or ')}`)
}
