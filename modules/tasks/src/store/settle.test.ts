import type { TaskFlowEvents } from '@taskflow/kernel'
import {
  claimBy,
  engines,
  eventually,
  newTask,
  openTransaction,
  PROJECT,
  strangeLeaseId,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import {
  attemptsOf,
  claimOne,
  failure,
  settle,
  startTask,
  startWorker,
  VERDICTS,
} from '@taskflow/testing/task-in-state'
import { describe, expect, test } from 'vitest'
import { CRASH_LIMIT, judge, type Verdict } from '../domain/attempt-outcome.ts'
import { PRIORITIES, rankOf } from '../domain/priority.ts'
import type { LeaseId } from '../domain/task.ts'
import type { Lease } from '../ports/attempt-store.ts'

const BY = { project: PROJECT, actor: 'key:test' }
const RETURNING = ['retry', 'snooze', 'release', 'rescue'] as const
const VERBS = Object.keys(VERDICTS) as (keyof typeof VERDICTS)[]

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)

    const everythingOf = async (id: string) => [
      await rowsOf(given.db, 'select task.*, xmin::text from task where id = $1', [id]),
      await rowsOf(given.db, 'select finished_task.*, xmin::text from finished_task where id = $1', [id]),
      await rowsOf(given.db, 'select * from task_attempt where task_id = $1', [id]),
    ]
    const rankAndDue = async (id: string) => {
      const [row] = await rowsOf<{ rank: Date; run_at: Date | null }>(
        given.db,
        'select rank, run_at from task where id = $1',
        [id],
      )
      return row!
    }

    test('complete keeps the result and the last lease, and no error', async () => {
      const { task, lease, worker } = await startTask(given.storage)
      expect(await settle(given.storage, lease, VERDICTS.complete)).toBe('settled')
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
        state: 'succeeded',
        result: '{"done":true}',
        error: null,
        attempt: 1,
        workerId: worker.id,
        finishedAt: expect.any(Date),
      })
    })

    test('complete with the result null is a result', async () => {
      const { task, lease } = await startTask(given.storage)
      expect(await settle(given.storage, lease, { verb: 'complete', result: 'null' })).toBe('settled')
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({ state: 'succeeded', result: 'null' })
    })

    test('complete after a failed attempt clears the error', async () => {
      const { task, lease, worker } = await startTask(given.storage)
      await settle(given.storage, lease, { ...VERDICTS.retry, delayMs: 0 })
      await given.storage.promoteTasks(1_000)
      await settle(given.storage, await claimOne(given.storage, worker), VERDICTS.complete)
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
        state: 'succeeded',
        error: null,
        attempt: 2,
      })
    })

    test.each([
      ['fail', 'failed'],
      ['cancel', 'cancelled'],
    ] as const)('%s ends the task with its error and without a row for the attempt', async (verb, state) => {
      const { task, lease } = await startTask(given.storage)
      const { error } = VERDICTS[verb]
      expect(await settle(given.storage, lease, VERDICTS[verb])).toBe('settled')
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({ state, error, result: null, attempt: 1 })
      expect(await rowsOf(given.db, 'select 1 from task_attempt where task_id = $1', [task.id])).toEqual([])
    })

    /** The state of a task after each verb that requeues it. */
    const returned = {
      retry: {
        state: 'retrying',
        attempt: 1,
        crashCount: 0,
        error: VERDICTS.retry.error,
        outcome: 'failed',
        isDelayed: true,
      },
      snooze: { state: 'scheduled', attempt: 0, crashCount: 0, error: null, outcome: 'snoozed', isDelayed: true },
      release: { state: 'queued', attempt: 0, crashCount: 0, error: null, outcome: 'released', isDelayed: false },
      rescue: {
        state: 'queued',
        attempt: 0,
        crashCount: 1,
        error: VERDICTS.rescue.error,
        outcome: 'rescued',
        isDelayed: false,
      },
    } as const

    for (const verb of RETURNING) {
      const { outcome, isDelayed, ...expected } = returned[verb]
      test(`${verb} requeues the task as ${expected.state} and keeps the attempt as ${outcome}`, async () => {
        const { task, lease, worker } = await startTask(given.storage, { priority: 'high' })
        const before = await rankAndDue(task.id)
        expect(await settle(given.storage, lease, VERDICTS[verb])).toBe('settled')

        const stored = await given.storage.getTask(PROJECT, task.id)
        expect(stored).toMatchObject({ ...expected, workerId: null, startedAt: null, finishedAt: null })
        expect(stored.queuedAt === null).toBe(isDelayed)
        const attempts = await attemptsOf(given.storage, task.id)
        const error = 'error' in VERDICTS[verb] ? VERDICTS[verb].error : null
        expect(attempts).toEqual([
          {
            id: lease.leaseId,
            attempt: 1,
            workerId: worker.id,
            startedAt: expect.any(Date),
            endedAt: expect.any(Date),
            outcome,
            error,
          },
        ])

        const after = await rankAndDue(task.id)
        if (isDelayed) {
          expect(after.run_at!.getTime() - attempts[0]!.endedAt!.getTime()).toBe(3_600_000)
          expect(after.rank).toEqual(rankOf('high', after.run_at!))
        } else {
          // Who comes back at once keeps its place in line.
          expect(after).toEqual(before)
        }
      })
    }

    test.each(PRIORITIES)('a retry of a %s task keeps its head start', async (priority) => {
      const { task, lease } = await startTask(given.storage, { priority })
      await settle(given.storage, lease, VERDICTS.retry)
      const { rank, run_at: runAt } = await rankAndDue(task.id)
      expect(rank).toEqual(rankOf(priority, runAt!))
    })

    test('a retry after a timeout is kept as one', async () => {
      const { task, lease } = await startTask(given.storage)
      await settle(given.storage, lease, { ...VERDICTS.retry, error: { ...failure, reason: 'timedOut' } })
      expect(await attemptsOf(given.storage, task.id)).toMatchObject([{ outcome: 'timedOut' }])
    })

    for (const verb of VERBS) {
      test(`P3: ${verb} with a lease that is not held is refused and changes nothing`, async () => {
        const { task } = await startTask(given.storage)
        const before = await everythingOf(task.id)
        const stranger = { taskId: task.id, leaseId: strangeLeaseId() }
        expect(await settle(given.storage, stranger, VERDICTS[verb])).toBe('stale')
        expect(await everythingOf(task.id)).toEqual(before)
      })

      test(`P3: ${verb} that is sent again after its reply was lost gets the same answer and changes nothing`, async () => {
        const { task, lease } = await startTask(given.storage)
        expect(await settle(given.storage, lease, VERDICTS[verb])).toBe('settled')
        const before = await everythingOf(task.id)
        expect(await settle(given.storage, lease, VERDICTS[verb])).toBe('settled')
        expect(await everythingOf(task.id)).toEqual(before)
        const [other] = VERBS.filter((each) => each !== verb)
        expect(await settle(given.storage, lease, VERDICTS[other!])).toBe('stale')
      })

      test(`P3: ${verb} that is sent twice at once is applied once`, async () => {
        const { task, lease } = await startTask(given.storage)
        const outcomes = [settle(given.storage, lease, VERDICTS[verb]), settle(given.storage, lease, VERDICTS[verb])]
        expect(await Promise.all(outcomes)).toEqual(['settled', 'settled'])
        expect(await attemptsOf(given.storage, task.id)).toHaveLength(1)
      })
    }

    test('P3: of the ends that a live and a former worker send at once, the live one is accepted', async () => {
      const { task, lease: former, worker } = await startTask(given.storage)
      await settle(given.storage, former, VERDICTS.rescue)
      const live = await claimOne(given.storage, worker)
      const outcomes = [
        settle(given.storage, former, { verb: 'complete', result: '"former"' }),
        settle(given.storage, live, { verb: 'complete', result: '"live"' }),
      ]
      expect(await Promise.all(outcomes)).toEqual(['stale', 'settled'])
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({ result: '"live"' })
    })

    test('P3: of a result and a rescue that meet, one is accepted', async () => {
      const { lease } = await startTask(given.storage)
      const outcomes = [settle(given.storage, lease, VERDICTS.rescue), settle(given.storage, lease, VERDICTS.complete)]
      expect(await Promise.all(outcomes)).toEqual(['settled', 'stale'])
    })

    /** Changes the row, and records a cancel request in the events as well. */
    const changing = (change: string) => `
      with changed as (update task set ${change} where id = $1 returning *)
      insert into task_event (task_id, project, at, kind, detail)
      select id, project, cancel_requested_at, 'task.cancelRequested', '{}'
      from changed where cancel_requested_at is not null`

    /** Settles while another transaction has changed the row, and commits only when the settlement waits for it. */
    async function settleBehind(change: string, lease: Lease, verdict: Verdict) {
      const other = await openTransaction(given)
      await other.query(changing(change), [lease.taskId])
      const outcome = settle(given.storage, lease, verdict)
      // PGlite has one connection, and the settlement comes after it.
      if (engine.kind === 'postgres') await eventually(isSomebodyWaiting)
      await other.commit()
      return outcome
    }

    async function isSomebodyWaiting(): Promise<boolean> {
      const waiting = await rowsOf(
        given.db,
        `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      )
      return waiting.length > 0
    }

    for (const verb of ['complete', 'retry'] as const) {
      test(`P3: ${verb} that waited while another transaction took the lease away is refused`, async () => {
        const { task, lease } = await startTask(given.storage)
        const change = `state = 'queued', attempt = 0, queued_at = now(), worker_id = null, lease_id = null, started_at = null`
        expect(await settleBehind(change, lease, VERDICTS[verb])).toBe('stale')
        expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({ state: 'queued', error: null })
        expect(await attemptsOf(given.storage, task.id)).toEqual([])
      })

      test(`${verb} that waited for a change which left the lease alone is applied to the changed task`, async () => {
        const { task, lease } = await startTask(given.storage)
        expect(await settleBehind(`title = 'changed'`, lease, VERDICTS[verb])).toBe('settled')
        expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
          state: verb === 'complete' ? 'succeeded' : 'retrying',
          title: 'changed',
        })
      })
    }

    test('retry that waited for a request to cancel cancels', async () => {
      const { task, lease } = await startTask(given.storage)
      expect(await settleBehind('cancel_requested_at = now()', lease, VERDICTS.retry)).toBe('cancelled')
      expect((await given.storage.getTask(PROJECT, task.id)).state).toBe('cancelled')
    })

    for (const verb of RETURNING) {
      test(`${verb} of a task that was to be cancelled cancels it`, async () => {
        const { task, lease } = await startTask(given.storage)
        await given.storage.cancelTask(task.id, BY, null)
        expect(await settle(given.storage, lease, VERDICTS[verb])).toBe('cancelled')
        expect(await settle(given.storage, lease, VERDICTS[verb])).toBe('cancelled')
        expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
          state: 'cancelled',
          attempt: 1,
          crashCount: verb === 'rescue' ? 1 : 0,
          error: { reason: 'cancelled' },
        })
      })
    }

    test('complete of a task that was to be cancelled stands: the work is done', async () => {
      const { task, lease } = await startTask(given.storage)
      await given.storage.cancelTask(task.id, BY, null)
      expect(await settle(given.storage, lease, VERDICTS.complete)).toBe('settled')
      expect((await given.storage.getTask(PROJECT, task.id)).state).toBe('succeeded')
    })

    test('P11: a task that kills its worker three times is quarantined', async () => {
      const { task, lease, worker } = await startTask(given.storage)
      const context = { policy: { baseMs: 1, factor: 1, maxMs: 1, jitter: 'none' }, random: () => 0 } as const
      let held = lease
      for (let crash = 1; crash <= CRASH_LIMIT; crash++) {
        const { attempt, maxAttempts, crashCount } = held
        expect({ attempt, crashCount }).toEqual({ attempt: 1, crashCount: crash - 1 })
        const verdict = judge({ kind: 'crashed', error: failure }, { ...context, attempt, maxAttempts, crashCount })
        expect(await settle(given.storage, held, verdict)).toBe('settled')
        if (crash < CRASH_LIMIT) held = await claimOne(given.storage, worker)
      }
      expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
        state: 'failed',
        crashCount: CRASH_LIMIT,
        error: { reason: 'quarantined' },
      })
      const attempts = await attemptsOf(given.storage, task.id)
      expect(attempts.map(({ outcome }) => outcome)).toEqual(['rescued', 'rescued', 'rescued'])
    })

    test('settles 1,001 tasks with every verdict at once, in a few batches', async () => {
      const { storage, events } = given
      await storage.submitTasks(submissionOf(...Array.from({ length: 1_001 }, () => newTask({ type: 'test.many' }))))
      const worker = await startWorker(storage, { types: ['test.many'] })
      const leases = await storage.claimTasks(claimBy(worker, { max: 1_001 }))
      const sizes: number[] = []
      const listener = ({ lane, size }: TaskFlowEvents['batch.left'][0]) => lane === 'settle' && sizes.push(size)
      events.on('batch.left', listener)
      const outcomes = await Promise.all(
        leases.map((lease, index) => settle(storage, lease, VERDICTS[VERBS[index % VERBS.length]!])),
      )
      events.off('batch.left', listener)
      expect(new Set(outcomes)).toEqual(new Set(['settled']))
      expect(sizes.length).toBeLessThanOrEqual(2)
      const rows = await rowsOf<{ state: string; tasks: number }>(
        given.db,
        `select state, count(*) as tasks from any_task where type = 'test.many' group by state order by state`,
      )
      expect(Object.fromEntries(rows.map(({ state, tasks }) => [state, tasks]))).toEqual({
        cancelled: 143,
        failed: 143,
        queued: 286,
        retrying: 143,
        scheduled: 143,
        succeeded: 143,
      })
    })

    test('one verdict that cannot be stored fails alone', async () => {
      const leases = await Promise.all([1, 2, 3].map(async () => (await startTask(given.storage)).lease))
      const results = ['1', 'not json', '3']
      const outcomes = await Promise.allSettled(
        leases.map((lease, index) => settle(given.storage, lease, { verb: 'complete', result: results[index]! })),
      )
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    })

    test('of two ends of a task in one batch the one with its lease counts, and the other is stale', async () => {
      const { task, lease, worker } = await startTask(given.storage)
      await settle(given.storage, lease, VERDICTS.release)
      const [again] = await given.storage.claimTasks(claimBy(worker))
      const ends = [lease, again!].map(({ leaseId }) => ({ taskId: task.id, leaseId, verdict: VERDICTS.complete }))
      expect(await given.storage.settleTasks(ends)).toEqual(['stale', 'settled'])
    })

    test('an unknown task is stale', async () => {
      const nobody = { taskId: newTask().id, leaseId: strangeLeaseId() as LeaseId }
      expect(await settle(given.storage, nobody, VERDICTS.complete)).toBe('stale')
    })
  })
}
