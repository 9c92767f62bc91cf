import type { Database } from '@taskflow/database'
import type { Gate, GateStore, Notice, NoticeStore } from '@taskflow/tasks'
import { forgetClosed, keepClosed, listClosed, listEnds, storeEnds } from './statements.ts'

/** The name of the room's notices. */
export const CONSUMER = 'test-room'

const BATCH = 100

export interface TestRoomStoreDeps
  extends Pick<NoticeStore, 'consumeNotices'>,
    Pick<GateStore, 'closeGate' | 'openGate' | 'setTasksAside'> {
  readonly db: Database
}

export interface TestRoomStore {
  /** Lets no task of the queue start from now on. */
  closeQueue(project: string, queue: string): Promise<void>
  openQueue(project: string, queue: string): Promise<void>
  /** Sets aside what has become queued in a closed queue since it was closed. */
  applyClosedQueues(): Promise<number>
  /** Stores the ends of one batch of notices. Resolves with the number of notices. */
  consumeEnds(atLast?: () => Promise<void>): Promise<number>
  listEnds(): Promise<{ taskId: string; kind: string }[]>
}

export const gateOfQueue = ({ project, queue }: { readonly project: string; readonly queue: string }): Gate => ({
  project,
  name: `queue/${queue}`,
})

export function openTestRoomStore(deps: TestRoomStoreDeps): TestRoomStore {
  const { db, consumeNotices, closeGate, openGate, setTasksAside } = deps

  /** Batch by batch, so that no statement locks many rows. */
  async function setAside(project: string, queue: string): Promise<number> {
    let moved = 0
    for (;;) {
      const count = await setTasksAside(gateOfQueue({ project, queue }), { queue }, BATCH)
      moved += count
      if (count < BATCH) return moved
    }
  }

  return {
    async closeQueue(project, queue) {
      await db.run(keepClosed, [project, queue])
      await closeGate(gateOfQueue({ project, queue }))
      await setAside(project, queue)
    },

    async openQueue(project, queue) {
      await db.run(forgetClosed, [project, queue])
      await openGate(gateOfQueue({ project, queue }))
    },

    async applyClosedQueues() {
      let moved = 0
      for (const { project, queue } of await db.run(listClosed, [])) moved += await setAside(project, queue)
      return moved
    },

    consumeEnds: (atLast = async () => {}) =>
      consumeNotices(CONSUMER, BATCH, async (notices: readonly Notice[], tx) => {
        await tx.run(storeEnds, [notices.map(({ taskId }) => taskId), notices.map(({ kind }) => kind)])
        await atLast()
      }),

    async listEnds() {
      const rows = await db.run(listEnds, [])
      return rows.map(({ task_id: taskId, kind }) => ({ taskId, kind }))
    },
  }
}
