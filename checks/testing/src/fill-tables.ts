import { Client } from 'pg'
import { PROJECT } from './factories.ts'

const HOUR_US = 3_600_000_000
const DAY_US = 24 * HOUR_US

/** A day of history, and how much of it. */
export interface HistoryPlan {
  readonly days: number
  readonly tasksPerDay: number
}

/** Lines of waiting tasks: each queue has each type, and all are as long. */
export interface WaitingPlan {
  readonly queues: readonly string[]
  readonly types: readonly string[]
  readonly queued: number
  readonly scheduled: number
}

// Ordered like a UUIDv7: the milliseconds of the moment, then a number that distinguishes tasks of the same moment.
const idAt = (moment: string, place: string): string =>
  `(lpad(to_hex((extract(epoch from ${moment}) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(${place}), 19, '0'))::uuid`

/**
 * Past days full of finished tasks, one in fifty failed and one in a hundred labelled. Several days at once, one a connection; each
 * within the transaction that makes its partition, which a server of `wal_level=minimal` then need not log.
 */
export async function fillHistory(url: string, { days, tasksPerDay }: HistoryPlan, connections = 2): Promise<void> {
  const left = Array.from({ length: days }, (_, index) => index + 1).values()
  const lane = () =>
    withClient(url, async (client) => {
      for (const day of left) await fillDay(client, day, tasksPerDay)
    })
  await Promise.all(Array.from({ length: connections }, lane))
}

async function fillDay(client: Client, daysAgo: number, tasks: number): Promise<void> {
  const {
    rows: [{ partition }],
  } = await client.query(`select 'finished_task_' || to_char(current_date - ${daysAgo}, 'YYYYMMDD') as partition`)
  await client.query('begin')
  await client.query(`select add_partition_day(current_date - ${daysAgo})`)
  // Committed when the rows are there: other connections wait for the lock that keeps two from making one day.
  await client.query('commit')
  await client.query('begin')
  await client.query(`truncate ${partition}`)
  await client.query(`
    insert into ${partition} (
      id, project, type, queue, state, priority, payload, attempt, max_attempts, crash_count, labels, created_at, created_by,
      queued_at, started_at, finished_at, worker_id, lease_id, result, error, keep_until)
    select ${idAt('created_at', 'number')}, '${PROJECT}', 'past.' || number % 5, 'past-' || number % 4,
           case when is_failed then 'failed' else 'succeeded' end, 2, '{"order":"A-2026"}', 1, 5, 0,
           case when number % 100 = 1 then jsonb_build_object('customer', (number % 1000)::text) end,
           created_at, 'key:past', created_at, created_at, created_at + interval '1 s',
           '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002',
           case when not is_failed then 'null'::json end,
           case when is_failed then '{"name":"Error","message":"it broke","reason":"exhausted"}'::json end,
           created_at + interval '7 days'
    from (
      select number, number % 50 = 0 as is_failed,
             (current_date - ${daysAgo})::timestamp at time zone 'UTC' + number * interval '${Math.floor(DAY_US / (tasks + 1))} microseconds' as created_at
      from generate_series(1, ${tasks}) as number
    ) as numbered`)
  await client.query('commit')
}

/** Tasks that wait: those queued in the last hour, and those scheduled from tomorrow on, ten thousand for each second. */
export async function fillWaiting(url: string, { queues, types, queued, scheduled }: WaitingPlan): Promise<void> {
  const columns =
    'id, project, type, queue, state, priority, rank, run_at, payload, max_attempts, created_at, created_by, queued_at'
  const nth = (names: readonly string[], place: string) => `('{${names}}'::text[])[1 + ${place} % ${names.length}]`
  const line = `${nth(types, `number / ${queues.length}`)}, ${nth(queues, 'number')}`
  await withClient(url, async (client) => {
    await client.query(`
      insert into task (${columns})
      select ${idAt('at', 'number')}, '${PROJECT}', ${line}, 'queued', 2, at, null, '{"order":"A-2026"}', 5, at, 'key:waiting', at
      from (select number, now() - interval '1 hour' + number * interval '${Math.floor(HOUR_US / (queued + 1))} microseconds' as at
            from generate_series(1, ${queued}) as number) as numbered`)
    await client.query(`
      insert into task (${columns})
      select ${idAt('now()', `number + ${queued}`)}, '${PROJECT}', ${line}, 'scheduled', 2, at, at, '{"order":"A-2026"}', 5, now(),
             'key:waiting', null
      from (select number, now() + interval '1 day' + number * interval '100 microseconds' as at
            from generate_series(1, ${scheduled}) as number) as numbered`)
  })
}

/** After the rows are there, what autovacuum would do in time: statistics, and pages marked as seen by all. */
export const vacuumAll = (url: string): Promise<void> =>
  withClient(url, async (client) => void (await client.query('vacuum (analyze)')))

async function withClient(url: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
