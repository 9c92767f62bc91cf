import { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import { databaseWakeups, postgresDatabase } from '@taskflow/database'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { soleElector } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import type { Broker } from '@taskflow/tasks'
import {
  claimBy,
  emptyDatabase,
  engines,
  eventually,
  type GivenStorage,
  handClock,
  moveTime,
  newTask,
  submissionOf,
  useStorage,
} from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { startWorker } from '@taskflow/testing/task-in-state'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { coordinator } from './coordinator.ts'

const DUTIES = 9
const [DUE, HELD, EXPIRING] = [1_500, 600, 700]

const noBroker: Broker = {
  name: 'postgres',
  publish: async () => {},
  take: async () => undefined,
  depths: async () => undefined,
  ping: async () => {},
  close: async () => {},
}

/** Makes a process that always leads, even if another process leads too. */
function leadingProcess(storage: Storage, db: Database, now: string) {
  const clock = handClock(new Date(now))
  const events = new EventEmitter<TaskFlowEvents>()
  const counts = { promoted: 0, expired: 0, lost: 0 }
  events.on('tasks.promoted', ({ count }) => {
    counts.promoted += count
  })
  events.on('tasks.expired', ({ count }) => {
    counts.expired += count
  })
  events.on('worker.lost', () => {
    counts.lost++
  })
  const wakeups = databaseWakeups(db)
  const service = coordinator({ storage, broker: noBroker, wakeups, clock, events, elector: soleElector() })
  const isAtRest = () => clock.sleepers === DUTIES
  return { service, clock, counts, isAtRest }
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    let end = async () => {}
    beforeEach(() => emptyDatabase(given.db))
    afterEach(async () => {
      await end()
      await moveTime(given.db, 0)
    })

    test('P6: two leading coordinators with clocks an hour apart do nothing twice', async () => {
      await storeWork(given)
      await moveTime(given.db, 60_000)
      const { storage, db } = otherStorage(given)
      const both = [
        leadingProcess(given.storage, given.db, '2026-01-01T00:00:00Z'),
        leadingProcess(storage, db, '2026-01-01T01:00:00Z'),
      ]
      end = async () => {
        await Promise.all(both.map(({ service }) => service.stop()))
        if (db !== given.db) await db.close()
      }
      await Promise.all(both.map(({ service }) => service.start()))
      for (let second = 0; second < 5; second++) {
        await eventually(() => both.every((each) => each.isAtRest()), { timeoutMs: 20_000 })
        await Promise.all(both.map(({ clock }) => clock.advance(1_000)))
      }
      await eventually(() => both.every((each) => each.isAtRest()), { timeoutMs: 20_000 })

      const sum = (name: 'promoted' | 'expired' | 'lost') => both.reduce((total, { counts }) => total + counts[name], 0)
      expect({ promoted: sum('promoted'), expired: sum('expired'), lost: sum('lost') }).toEqual({
        promoted: DUE,
        expired: EXPIRING,
        lost: 1,
      })
      expect(await endsOf(given.db)).toEqual([
        { type: 'due', crash_count: 0, ended_attempts: 0, tasks: DUE },
        { type: 'held', crash_count: 1, ended_attempts: 1, tasks: HELD },
      ])
    })
  })
}

/** Stores tasks that after a minute are due, held by a lost worker, or expired. */
async function storeWork({ storage }: GivenStorage): Promise<void> {
  const many = (count: number, make: () => ReturnType<typeof newTask>) => Array.from({ length: count }, make)
  await storage.submitTasks(
    submissionOf(
      ...many(DUE, () => newTask({ type: 'due', delayMs: 30_000 })),
      ...many(HELD, () => newTask({ type: 'held' })),
      ...many(EXPIRING, () => newTask({ type: 'expiring', timeouts: { scheduleToStartMs: 10_000 } })),
    ),
  )
  const worker = await startWorker(storage, { types: ['held'] })
  expect(await storage.claimTasks(claimBy(worker, { max: HELD }))).toHaveLength(HELD)
}

/** Opens the same database with its own connections, if the engine has more than one. */
function otherStorage({ url, db, storage, events }: GivenStorage): {
  readonly storage: Storage
  readonly db: Database
} {
  if (url === undefined) return { storage, db }
  const other = postgresDatabase({ url })
  return { db: other, storage: openStorage({ db: other, events, retentionMs: 7 * 24 * 3_600_000 }) }
}

// Both senders of one rescue receive `settled`, so only the rows show that it happened once.
const endsOf = (db: Database) =>
  rowsOf<{ type: string; crash_count: number; ended_attempts: number; tasks: number }>(
    db,
    `select type, crash_count, ended_attempts::int, count(*)::int as tasks
     from task
     cross join lateral (select count(*) as ended_attempts from task_attempt where task_id = task.id) as attempts
     where state = 'queued'
     group by 1, 2, 3
     order by 1, 2, 3`,
  )
