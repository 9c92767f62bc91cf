import type { Client } from 'pg'
import { submitNdjson, taskOf } from '../api.ts'
import { startLoad } from '../http-load.ts'
import { asksWhether, untilNot } from '../until-not.ts'

const TYPE = 'bench.noop'
const CONNECTIONS = 50
const LINES = 10_000
// Seldom, since looking costs.
const LOOK_MS = 50

/** Submits that many tasks one by one over fifty connections. */
export async function submitSingly(url: string, count: number): Promise<void> {
  const load = await startLoad({ url, body: taskOf(TYPE), connections: CONNECTIONS, most: count })
  await load.ended
}

/** Submits that many tasks in streams of NDJSON; the options of each may depend on its number. */
export async function submitInBulk(
  url: string,
  count: number,
  optionsOf: (index: number) => object = () => ({}),
): Promise<void> {
  for (let from = 0; from < count; from += LINES) {
    const length = Math.min(LINES, count - from)
    const lines = Array.from({ length }, (_, index) => `${taskOf(TYPE, optionsOf(from + index))}\n`)
    await submitNdjson({ url }, lines.join(''), length)
  }
}

/** Makes all tasks of a type run on a worker that was lost. */
export async function leaveToLostWorker(db: Client, type: string): Promise<void> {
  await db.query(
    `insert into worker (id, project, name, host, pid, version, labels, queues, types, slots, state, started_at, heartbeat_at)
     values (gen_random_uuid(), 'default', 'lost', 'nowhere', 1, '0', '{}', '{default}', '{}', 1, 'lost', now(), now())`,
  )
  await db.query(
    `update task
     set state = 'running', worker_id = (select id from worker where name = 'lost'), lease_id = gen_random_uuid(),
         attempt = 1, started_at = now()
     where type = $1`,
    [type],
  )
}

/** Marks statements that only the profile needs. */
export const OUR_MARK = '/* profile */'

/** Resolves when no task is in one of these states any more. */
export const untilNone = (db: Client, states: readonly string[]): Promise<void> =>
  untilNot(
    asksWhether(db, `${OUR_MARK} select exists (select from task where state = any($1)) as has`, [states]),
    LOOK_MS,
  )
