import type { Database } from '@taskflow/database'
import type { Rewrite } from './database-server.ts'
import type { Bug } from './play.ts'

/**
 * Planted bugs, such as an engineer might make: a simulation that does not find these would not find the next one
 * either. A bug changes the text of a statement, or wraps a part. The product contains no code for this.
 */
export const PLANTED_BUGS: readonly Bug[] = [
  {
    name: 'missing-fencing-check',
    summary: 'A settlement is accepted without a check of its lease',
    breaks: ['P3'],
    rewrite: replaced('finish_tasks', [
      ['((id, lease_id) in (select task_id, lease_id from settlement)) is true', `state = 'running'`],
      [
        'join settlement on settlement.task_id = gone.id and settlement.lease_id = gone.lease_id',
        'join settlement on settlement.task_id = gone.id',
      ],
    ]),
  },
  {
    name: 'repeated-settlement-applies-again',
    summary: 'Requeueing finds a task by its id alone, so that a repeated settlement also ends the next attempt',
    breaks: ['P3', 'invariant'],
    rewrite: replaced('requeue_tasks', [
      [
        'where id = settlement.task_id and lease_id = settlement.lease_id',
        `where id = settlement.task_id and state = 'running'`,
      ],
      // The schema would reject the second row of the attempt.
      ['where cancel_requested_at is null\n)', 'where cancel_requested_at is null on conflict do nothing\n)'],
    ]),
  },
  {
    name: 'repeated-settlement-is-refused',
    summary: 'A settlement that is repeated after a lost answer is refused as stale',
    breaks: ['P3'],
    rewrite: replaced('find_settled_leases', [
      ['join finished_task using (id, lease_id)', 'join finished_task using (id, lease_id) where false'],
    ]),
  },
  {
    name: 'rescue-of-a-live-worker',
    summary: 'Workers are marked lost after three seconds of silence',
    breaks: ['P4'],
    rewrite: all(
      replaced('list_silent_workers', [['$1::bigint', 'least($1::bigint, 3000)']]),
      replaced('find_duties', [['* 1000)::float8', '* 1000 + 7000)::float8']]),
    ),
  },
  {
    name: 'heartbeat-of-an-old-incarnation',
    summary: 'The next heartbeat makes a lost worker count as alive',
    breaks: ['P4'],
    rewrite: replaced('heartbeat_worker', [[`where id = $1 and state in ('active', 'draining')`, 'where id = $1']]),
  },
  {
    name: 'acknowledged-before-the-claim',
    summary: 'A dispatch is acknowledged when it is taken, before its claim is committed',
    breaks: ['Law 1'],
    sabotage: {
      broker: (broker) => ({
        ...broker,
        async take(options) {
          const delivery = await broker.take(options)
          if (Array.isArray(delivery?.tasks)) await delivery.acknowledge(0)
          return delivery
        },
      }),
    },
  },
  {
    name: 'idempotency-race',
    summary: 'Tasks are stored even when another request with the same key was first',
    breaks: ['P5'],
    rewrite: replaced('submit_tasks_once', [
      ['from kept\n  join submission using (project, key)\n  join item', 'from submission\n  join item'],
    ]),
  },
  {
    name: 'comes-back-though-cancelled',
    summary: 'A retry does not check whether a cancel was requested meanwhile',
    breaks: ['P7'],
    rewrite: replaced('requeue_tasks', [
      [
        'where task.id between ended.id and ended.id and ended.cancel_requested_at is null',
        'where task.id between ended.id and ended.id',
      ],
      ['cancel_requested_at is not null as is_cancelled', 'false as is_cancelled'],
    ]),
  },
  {
    name: 'cancel-frees-a-running-task',
    summary: 'A cancel ends a running task immediately, while its handler still runs',
    breaks: ['P3', 'invariant'],
    rewrite: replaced('cancel_task', [
      [`where id = (select id from target where state <> 'running')`, 'where id = (select id from target)'],
      [`where state = 'running' and cancel_requested_at is null`, 'where false'],
    ]),
  },
  {
    name: 'two-leaders',
    summary: 'The row of the leader expires sooner than its holder assumes',
    breaks: ['P6'],
    rewrite: replaced('elect_leader', [['$3::bigint', 'least($3::bigint, 3000)']]),
  },
  {
    name: 'promoted-twice',
    summary: 'A due task is queued again although it runs already',
    breaks: ['P3', 'invariant'],
    rewrite: replaced('promote_tasks', [
      [
        `where state in ('scheduled', 'retrying') and state = any($1::text[]) and run_at <= clock_now()`,
        `where (state = any($1::text[]) or state = 'running') and run_at <= clock_now()`,
      ],
      [
        `set state = 'queued', queued_at = clock_now()`,
        `set state = 'queued', queued_at = clock_now(), lease_id = null, worker_id = null, started_at = null`,
      ],
    ]),
  },
  {
    name: 'lost-wake-up',
    summary: 'A waiting consumer relies on wake-ups and never polls',
    breaks: ['P2'],
    sabotage: { database: claimingOnlyWhenWoken },
  },
  {
    name: 'crashes-are-not-counted',
    summary: 'A rescue does not count the crash, so that a task that kills its worker is retried for ever',
    breaks: ['P11', 'invariant'],
    rewrite: replaced('requeue_tasks', [
      ['crash_count = task.crash_count + ended.crashes', 'crash_count = task.crash_count'],
    ]),
  },
  {
    name: 'released-attempts-count',
    summary: 'A task that a stopping worker releases has used up an attempt',
    breaks: ['P12', 'invariant'],
    rewrite: replaced('requeue_tasks', [
      [
        'attempt = task.attempt - 1 + ended.used_attempts',
        `attempt = task.attempt - case when ended.outcome = 'released' then 0 else 1 - ended.used_attempts end`,
      ],
    ]),
  },
  {
    name: 'end-without-a-notice',
    summary: 'A worker that ends a linked task leaves no notice',
    breaks: ['ports'],
    rewrite: replaced('finish_tasks', [
      ['case when (select leave_notices from counted) then (', 'case when false then ('],
    ]),
  },
  {
    name: 'notices-consumed-outside-of-a-transaction',
    summary: 'A consumer deletes its notices in another transaction than its own work',
    breaks: ['ports'],
    sabotage: { database: (database) => ({ ...database, transaction: withoutTransaction(database) }) },
  },
  {
    name: 'gate-opens-without-the-rank',
    summary: 'A task that leaves a gate does not get its rank back',
    breaks: ['P2', 'invariant'],
    rewrite: replaced('readmit_tasks', [["then rank - interval '8766000 hours'", 'then rank']]),
  },
]

const withoutTransaction =
  (database: Database): Database['transaction'] =>
  (work) =>
    work({ ...database, script: () => Promise.reject(new TypeError('Expected no script in a transaction')) })

function replaced(name: string, changes: readonly (readonly [from: string, to: string])[]): Rewrite {
  return (statement) => {
    if (statement.name !== name) return statement.text
    return changes.reduce((text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`Cannot plant the bug: statement ${name} no longer has "${from}"`)
      return text.replace(from, () => to)
    }, statement.text)
  }
}

function all(...rewrites: readonly Rewrite[]): Rewrite {
  return ({ name, text }) => rewrites.reduce((rewritten, rewrite) => rewrite({ name, text: rewritten }), text)
}

const POLLING_CLAIMS = ['claim_tasks', 'claim_tasks_of_subqueues']

/** After a claim that found nothing, every further claim finds nothing until a wake-up arrives. */
function claimingOnlyWhenWoken(database: Database): Database {
  let isWoken = true
  return {
    ...database,
    async run(statement, params) {
      if (!POLLING_CLAIMS.includes(statement.name)) return database.run(statement, params)
      if (!isWoken) return []
      isWoken = false
      const rows = await database.run(statement, params)
      isWoken ||= rows.length > 0
      return rows
    },
    listen: (channel, listener) =>
      database.listen(channel, (payload) => {
        isWoken ||= channel === 'taskflow_ready'
        listener(payload)
      }),
  }
}
