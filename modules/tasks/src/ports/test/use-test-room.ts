import { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import type { TaskFlowEvents } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { emptyDatabase, newTask } from '@taskflow/testing'
import { script } from '@taskflow/testing/raw-sql'
import { openWithTestRoom } from '@taskflow/testing/test-room/open'
import { createTestRoomTables, GATE, LINK, REFUSE, type TestRoomStore } from '@taskflow/testing/test-room/room'
import { afterEach, beforeEach } from 'vitest'
import type { Dispatch } from '../../dispatch/broker.ts'

export const RETENTION_MS = 86_400_000

/** Tasks with a label that the test room acts on. */
export const linkedTask = (given = {}) => newTask({ labels: { [LINK]: 'yes' }, ...given })
export const gatedTask = (given = {}) => newTask({ labels: { [GATE]: 'yes' }, ...given })
export const refusedTask = (given = {}) => newTask({ labels: { [REFUSE]: 'yes' }, ...given })

interface TestRoom {
  storage: Storage & TestRoomStore
  /** The dispatches of all tasks that became queued since the test began. */
  dispatched: Dispatch[]
  /** Opens the same rooms over another view of the database. */
  open(db: Database): Storage & TestRoomStore
}

/** Opens the rooms of the product and the test room over the database of the tests, which each test finds empty. */
export function useTestRoom(given: { readonly db: Database }): TestRoom {
  const room = {
    dispatched: [] as Dispatch[],
    open: (db: Database) =>
      openWithTestRoom({
        db,
        events: new EventEmitter<TaskFlowEvents>(),
        retentionMs: RETENTION_MS,
        onQueued: (dispatches) => void room.dispatched.push(...dispatches),
      }),
  } as TestRoom

  beforeEach(async () => {
    await emptyDatabase(given.db)
    await createTestRoomTables(given.db)
    await script(given.db, 'truncate test_room_end, test_room_queue')
    room.dispatched = []
    room.storage = room.open(given.db)
  })
  // The next test would see the notices that no consumer has read.
  afterEach(() => script(given.db, 'delete from task_notice; delete from gate'))

  return room
}
