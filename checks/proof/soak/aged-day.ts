import type { Client } from 'pg'

// One task in fifty is kept longer than its day: retention moves it when it drops the day, and deletes it when its time
// is up.
const KEPT_LONGER_EVERY = 50

/**
 * Adds a day past its retention, as midnight makes one of the oldest day: the coordinator drops it in its next round.
 * Tasks of the day that are kept longer expire during the run.
 */
export async function addAgedDay(client: Client, daysAgo: number, tasks: number, keptForMs: number): Promise<void> {
  const { rows } = await client.query<{ partition: string }>(
    `select 'finished_task_' || to_char((now() at time zone 'UTC')::date - ${daysAgo}, 'YYYYMMDD') as partition`,
  )
  await client.query(`select add_partition_day((now() at time zone 'UTC')::date - ${daysAgo})`)
  await client.query(`
    insert into ${rows[0]?.partition} (
      id, project, type, queue, state, priority, payload, attempt, max_attempts, crash_count, created_at, created_by,
      queued_at, started_at, finished_at, worker_id, lease_id, result, keep_until)
    select (lpad(to_hex((extract(epoch from created_at) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(number), 19, '0'))::uuid,
           'default', 'past.aged', 'past', 'succeeded', 2, '{"order":"A-2026"}', 1, 5, 0, created_at, 'key:past', created_at,
           created_at, created_at + interval '1 s', gen_random_uuid(), gen_random_uuid(), 'null'::json,
           case when number % ${KEPT_LONGER_EVERY} = 0 then now() + (number::float8 / ${tasks}) * interval '${keptForMs} milliseconds'
                else created_at + interval '7 days' end
    from (select number, ((now() at time zone 'UTC')::date - ${daysAgo})::timestamp at time zone 'UTC'
                         + number * interval '${Math.floor(80_000_000_000 / (tasks + 1))} microseconds' as created_at
          from generate_series(1, ${tasks}) as number) as numbered`)
}
