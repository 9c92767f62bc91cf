import { ROOMS, sumOf } from '@taskflow/rooms'
import type { TaskId, WorkerId } from '@taskflow/tasks'
import { beforeEach, describe, expect, test } from 'vitest'
import { emptyDatabase, useStorage } from './databases.ts'
import { engines } from './engines.ts'
import { newTask, newWorker, PROJECT } from './factories.ts'
import { newTaskId, newWorkerId, strangeLeaseId } from './ids.ts'
import { checkInvariants } from './invariants.ts'
import { CHECKED_PROMISES, checkPromises, type PromiseName } from './promises.ts'
import { script } from './raw-sql.ts'
import { claimOne, settle, startTask, startWorker, submitTask, taskInState, VERDICTS } from './task-in-state.ts'
import type { Witness } from './witness.ts'

// One engine is enough: the queries are plain.
const engine = engines()[0]!
const given = useStorage(engine, { checksInvariants: false })

beforeEach(() => emptyDatabase(given.db))

const BY = { project: PROJECT, actor: 'key:test' }
const LEASE = strangeLeaseId()
const ANOTHER_LEASE = strangeLeaseId()
const WORKER = newWorkerId()

interface Broken {
  readonly what: string
  /** Breaks it, in the database or in what witnesses say. */
  plant(): Promise<readonly Witness[]>
  readonly sentence: RegExp
}

const submitted = (taskIds: readonly string[], extra: Partial<Witness & { kind: 'submitted' }> = {}): Witness => ({
  kind: 'submitted',
  atMs: 0,
  taskIds,
  ...extra,
})

/** A task that a worker runs, submitted by somebody. */
async function running() {
  const { task, lease } = await startTask(given.storage)
  const { taskId, leaseId, attempt } = lease
  const started: Witness = { kind: 'started', atMs: 10, taskId, leaseId, attempt, process: 'worker-1' }
  return { taskId, leaseId, attempt, lease, witnesses: [submitted([task.id]), started] as const }
}

/** A task that succeeded with what its handler was seen to return. */
async function succeeded(result: string) {
  const run = await running()
  await settle(given.storage, run.lease, { verb: 'complete', result })
  return run
}

async function queued(): Promise<TaskId> {
  return (await taskInState(given, 'queued')).task.id
}

async function rescued(times: number): Promise<TaskId> {
  const { storage } = given
  const { task, worker, lease } = await startTask(storage)
  await settle(storage, lease, VERDICTS.rescue)
  for (let time = 1; time < times; time++) await settle(storage, await claimOne(storage, worker), VERDICTS.rescue)
  return task.id
}

const beat = (workerId: WorkerId, atMs: number): Witness => ({ kind: 'heartbeat', atMs, workerId })
const buried = (workerId: WorkerId, atMs: number): Witness => ({ kind: 'lost', atMs, workerId })
const elected = (holder: string, term: number, atMs: number): Witness => ({ kind: 'elected', atMs, holder, term })

const lead = (term: number): Promise<void> =>
  script(
    given.db,
    `insert into leader (name, holder, term, elected_at, expires_at) values ('coordinator', '${WORKER}', ${term}, now(), now())`,
  )

const BROKEN: Readonly<Record<PromiseName, readonly Broken[]>> = {
  P1: [
    {
      what: 'a task that was accepted is nowhere',
      plant: async () => [submitted([newTaskId()])],
      sentence: /^task \S+ was accepted and is gone$/,
    },
    {
      what: 'two callers are answered with one task',
      async plant() {
        const id = await queued()
        return [submitted([id]), submitted([id])]
      },
      sentence: /^task \S+ was the answer to two submissions$/,
    },
  ],
  P2: [
    {
      what: 'a task waits when all should be over',
      plant: async () => [submitted([await queued()])],
      sentence: /^task \S+ never came to its end: it is queued$/,
    },
  ],
  P3: [
    {
      what: 'a result is accepted that another lease returned',
      async plant() {
        return (await succeeded(JSON.stringify({ leaseId: ANOTHER_LEASE }))).witnesses
      },
      sentence: /^task \S+ succeeded under lease \S+ with the result of another/,
    },
    {
      what: 'a result is accepted that no handler returned',
      async plant() {
        const { taskId, leaseId, attempt, witnesses } = await succeeded('"stored"')
        return [...witnesses, { kind: 'ended', atMs: 20, taskId, leaseId, attempt, result: '"returned"' }]
      },
      sentence: /^task \S+ succeeded under lease \S+ with what no handler returned: "stored"$/,
    },
    {
      what: 'a worker is refused whose result was accepted',
      async plant() {
        const { taskId, leaseId, witnesses } = await succeeded('null')
        return [...witnesses, { kind: 'refused', atMs: 20, taskId, leaseId }]
      },
      sentence: /^a worker was informed that its result of task \S+ is stale, and it was accepted/,
    },
    {
      what: 'one lease starts twice',
      async plant() {
        const { witnesses } = await succeeded('null')
        return [...witnesses, witnesses[1]]
      },
      sentence: /^lease \S+ of task \S+ started 2 times$/,
    },
    {
      what: 'a handler runs without a claim',
      async plant() {
        const { taskId, witnesses } = await succeeded('null')
        return [...witnesses, { kind: 'started', atMs: 30, taskId, leaseId: LEASE, attempt: 1, process: 'worker-2' }]
      },
      sentence: /^task \S+ ran under lease \S+, which nothing records$/,
    },
  ],
  P4: [
    {
      what: 'a worker is marked lost just after a heartbeat',
      plant: async () => [beat(WORKER, 1_000), buried(WORKER, 9_000)],
      sentence: /^worker \S+ was marked lost 8000 ms after a heartbeat$/,
    },
    {
      what: 'a lost worker sends a heartbeat',
      plant: async () => [beat(WORKER, 1_000), buried(WORKER, 12_000), beat(WORKER, 13_000)],
      sentence: /^worker \S+ beats though it was marked lost$/,
    },
  ],
  P5: [
    {
      what: 'one key gives two answers',
      async plant() {
        const [one, two] = [await queued(), await queued()]
        return [submitted([one], { key: 'k' }), submitted([two], { key: 'k' })]
      },
      sentence: /^key k gave 2 different answers/,
    },
    {
      what: 'one key is accepted for two requests',
      async plant() {
        const id = await queued()
        return [submitted([id], { key: 'k', requestHash: 'a' }), submitted([id], { key: 'k', requestHash: 'b' })]
      },
      sentence: /^key k was accepted with two different requests$/,
    },
    {
      what: 'a key is kept for another task than was answered',
      async plant() {
        const id = await queued()
        await keep('k', [newTaskId()])
        return [submitted([id], { key: 'k' })]
      },
      sentence: /^key k is kept for \S+, and nobody was answered so$/,
    },
    {
      what: 'a task is stored beside those of its key',
      async plant() {
        await submitTask(given.storage, { labels: { 'idempotency-key': 'k' } })
        await keep('k', [newTaskId()])
        return []
      },
      sentence: /^task \S+ was stored by key k, which names others$/,
    },
  ],
  P6: [
    {
      what: 'two lead in one term',
      async plant() {
        await lead(1)
        return [elected('coordinator-1', 1, 0), elected('coordinator-2', 1, 5_000)]
      },
      sentence: /^coordinator-1 and coordinator-2 led in the same term 1$/,
    },
    {
      what: 'a term is led that the database never gave',
      async plant() {
        await lead(1)
        return [elected('coordinator-1', 2, 0)]
      },
      sentence: /^term 2 was led, and the database knows of 1 only$/,
    },
    {
      what: 'an old term begins again',
      async plant() {
        await lead(2)
        return [elected('coordinator-2', 2, 0), elected('coordinator-1', 1, 5_000)]
      },
      sentence: /^coordinator-1 began term 1 after coordinator-2 had begun term 2$/,
    },
  ],
  P7: [
    {
      what: 'a cancelled task succeeded',
      async plant() {
        const { taskId, witnesses } = await succeeded('null')
        return [...witnesses, { kind: 'cancelled', atMs: 5, taskId, state: 'cancelled' }]
      },
      sentence: /^task \S+ was cancelled, and is succeeded$/,
    },
    {
      what: 'a cancelled task is claimed',
      async plant() {
        const { taskId, leaseId, witnesses } = await succeeded('null')
        const claimed: Witness = { kind: 'claimed', atMs: 9, taskId, leaseId, workerId: WORKER }
        return [...witnesses, { kind: 'cancelled', atMs: 5, taskId, state: 'running' }, claimed]
      },
      sentence: /^task \S+ was claimed after it was cancelled$/,
    },
    {
      what: 'the handler of a cancelled task is never notified',
      async plant() {
        const { taskId, leaseId, attempt, witnesses } = await succeeded('null')
        const ended: Witness = { kind: 'ended', atMs: 40_000, taskId, leaseId, attempt, result: 'null' }
        return [...witnesses, { kind: 'cancelled', atMs: 15, taskId, state: 'running' }, ended]
      },
      sentence: /^task \S+ ran for 39985 ms after it was cancelled, and its handler was never notified$/,
    },
  ],
  P8: [],
  P9: [],
  P10: [],
  P11: [
    {
      what: 'a task comes back after its third crash',
      async plant() {
        const id = await rescued(3)
        await given.storage.cancelTask(id, BY, null)
        return [submitted([id])]
      },
      sentence: /^task \S+ was tried again after 3 crashes$/,
    },
  ],
  P12: [
    {
      what: 'an attempt that a stop broke off counts',
      async plant() {
        const { taskId, leaseId, lease, witnesses } = await running()
        await settle(given.storage, lease, VERDICTS.retry)
        await given.storage.cancelTask(taskId, BY, null)
        return [...witnesses, { kind: 'aborted', atMs: 20, taskId, leaseId, reason: 'Draining' }]
      },
      sentence: /^task \S+ lost an attempt to the planned stop of its worker/,
    },
    {
      what: 'the last attempt, which a stop broke off, fails the task',
      async plant() {
        const { taskId, leaseId, lease, witnesses } = await running()
        await settle(given.storage, lease, VERDICTS.fail)
        return [...witnesses, { kind: 'aborted', atMs: 20, taskId, leaseId, reason: 'Draining' }]
      },
      sentence: /^task \S+ lost an attempt to the planned stop of its worker/,
    },
  ],
}

const keep = (key: string, ids: readonly TaskId[]): Promise<void> =>
  script(
    given.db,
    `insert into idempotency_key (project, key, request_hash, task_ids, created_at)
     values ('default', '${key}', '', '{${ids.join(',')}}', now())`,
  )

for (const promise of CHECKED_PROMISES) {
  describe(`${promise} is found to be broken`, () => {
    for (const { what, plant, sentence } of BROKEN[promise]) {
      test(`when ${what}`, async () => {
        const witnesses = await plant()
        const violations = await checkPromises({ db: given.db, witnesses, isOver: promise === 'P2' })
        expect(violations).toEqual([{ promise, sentence: expect.stringMatching(sentence) }])
      })
    }
  })
}

test('each promise whose feature exists is broken on purpose above', () => {
  const planted = Object.entries(BROKEN).filter(([, breaches]) => breaches.length > 0)
  expect(planted.map(([promise]) => promise)).toEqual(CHECKED_PROMISES)
})

test('what waits is no violation while not all is over', async () => {
  const witnesses = [submitted([await queued()])]
  expect(await checkPromises({ db: given.db, witnesses, isOver: false })).toEqual([])
})

test('of tasks before the given moment nothing is asked', async () => {
  await queued()
  const createdSince = new Date(Date.now() + 60_000)
  expect(await checkPromises({ db: given.db, witnesses: [], isOver: true, createdSince })).toEqual([])
})

test('a true run breaks none: retried, snoozed, cancelled, rescued, redriven, released and sent twice', async () => {
  const { storage, db } = given
  const [worker, doomed] = [await startWorker(storage), newWorker({ types: ['doomed'] })]
  await storage.registerWorker(doomed, [])
  const witnesses: Witness[] = []
  let atMs = 0
  const see = (seen: Witness): void => void witnesses.push({ ...seen, atMs: atMs++ })

  async function submit(type: string, key: string): Promise<TaskId> {
    const task = newTask({ type, labels: { 'idempotency-key': key } })
    const idempotency = { key, requestHash: 'a' }
    const { ids } = await storage.submitTasks({ project: task.project, tasks: [task], idempotency })
    see(submitted(ids, { key, requestHash: 'a' }))
    return ids[0] as TaskId
  }

  async function start(by = worker) {
    const lease = await claimOne(storage, by)
    const { taskId, leaseId, attempt } = lease
    see({ kind: 'claimed', atMs, taskId, leaseId, workerId: by.id })
    see({ kind: 'started', atMs, taskId, leaseId, attempt, process: by.id })
    const result = JSON.stringify({ leaseId })
    const end = (isDone: boolean) =>
      see({ kind: 'ended', atMs, taskId, leaseId, attempt, result: isDone ? result : null })
    const complete = () => settle(storage, lease, { verb: 'complete', result })
    return { lease, end, complete }
  }

  async function succeed(): Promise<void> {
    const { end, complete } = await start()
    end(true)
    expect([await complete(), await complete()]).toEqual(['settled', 'settled'])
  }

  const cancel = async (taskId: TaskId): Promise<void> => {
    const { state } = await storage.cancelTask(taskId, BY, null)
    see({ kind: 'cancelled', atMs, taskId, state })
  }

  see(elected('coordinator-1', 1, atMs))
  await storage.lead({ name: 'coordinator', holder: newWorkerId(), ttlMs: 8_000 })

  const first = await submit('test.echo', 'one')
  expect(await submit('test.echo', 'one')).toBe(first)
  for (const verdict of [{ ...VERDICTS.retry, delayMs: 0 }, { ...VERDICTS.snooze, delayMs: 0 }, VERDICTS.release]) {
    const { lease, end } = await start()
    end(false)
    expect(await settle(storage, lease, verdict)).toBe('settled')
    await storage.promoteTasks(10)
  }
  await succeed()
  await storage.redriveTask(first, BY, null)
  await succeed()

  await cancel(await submit('test.echo', 'two'))
  await submit('test.echo', 'three')
  const asked = await start()
  await cancel(asked.lease.taskId)
  asked.end(false)
  expect(await settle(storage, asked.lease, VERDICTS.retry)).toBe('cancelled')

  await submit('doomed', 'four')
  see(beat(doomed.id, atMs))
  const lost = await start(doomed)
  await script(db, `update worker set state = 'lost', heartbeat_at = now() - interval '11 s' where id = '${doomed.id}'`)
  atMs += 12_000
  see(buried(doomed.id, atMs))
  expect(await settle(storage, lost.lease, VERDICTS.rescue)).toBe('settled')
  expect(await lost.complete()).toBe('stale')
  see({ kind: 'refused', atMs, taskId: lost.lease.taskId, leaseId: lost.lease.leaseId })
  const heir = await startWorker(storage, { types: ['doomed'] })
  const inherited = await start(heir)
  inherited.end(true)
  await inherited.complete()

  expect(await checkPromises({ db, witnesses, isOver: true })).toEqual([])
  expect(await checkInvariants(db)).toEqual([])
})

test('each checked promise is kept by one room, or by the election of the leader', () => {
  const kept = sumOf('promise', [
    ...ROOMS.map(({ name, promises }) => [`room ${name}`, promises] as const),
    ['the platform', { P6: 'No two processes lead in one term' }],
  ])
  expect(Object.keys(kept).sort()).toEqual([...CHECKED_PROMISES].sort())
})
