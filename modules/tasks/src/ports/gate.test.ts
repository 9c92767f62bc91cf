import type { Database } from '@taskflow/database'
import { claimBy, engines, eventually, newTask, PROJECT, submissionOf, useStorage } from '@taskflow/testing'
import { rowsOf, script } from '@taskflow/testing/raw-sql'
import { startWorker } from '@taskflow/testing/task-in-state'
import { describe, expect, test } from 'vitest'
import { gatedTask, useTestRoom } from './test/use-test-room.ts'

const BY = { project: PROJECT, actor: 'key:test' }

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    const room = useTestRoom(given)

    const gateOf = async (id: string) =>
      (await rowsOf<{ waiting_gate: string | null }>(given.db, 'select waiting_gate from task where id = $1', [id]))[0]
        ?.waiting_gate

    async function claimedIds(max = 100): Promise<string[]> {
      const leases = await room.storage.claimTasks(claimBy(await startWorker(room.storage, { slots: max })))
      return leases.map(({ taskId }) => taskId)
    }

    test('no claim sees a task at a closed gate, and opening the gate releases them by rank', async () => {
      await room.storage.closeQueue(PROJECT, 'default')
      const ranked = [gatedTask({ priority: 'low' }), gatedTask({ priority: 'high' }), gatedTask()]
      await room.storage.submitTasks(submissionOf(...ranked))
      const free = newTask()
      await room.storage.submitTasks(submissionOf(free))
      expect(room.dispatched.map(({ taskId }) => taskId)).toEqual([free.id])
      expect((await room.storage.getTask(PROJECT, ranked[0]!.id)).state).toBe('queued')
      expect(await claimedIds()).toEqual([free.id])
      const worker = await startWorker(room.storage)
      expect(await room.storage.claimTasks(claimBy(worker, { ids: ranked.map(({ id }) => id) }))).toEqual([])
      const many = await startWorker(room.storage, {
        queues: ['default', ...Array.from({ length: 20 }, (_, n) => `q${n}`)],
      })
      expect(await room.storage.claimTasks(claimBy(many))).toEqual([])

      room.dispatched = []
      await room.storage.openQueue(PROJECT, 'default')
      const [low, high, normal] = ranked.map(({ id }) => id)
      expect(room.dispatched.map(({ taskId }) => taskId).sort()).toEqual([low, high, normal].sort())
      const ranks = [...room.dispatched].sort((a, b) => a.rankMs - b.rankMs).map(({ taskId }) => taskId)
      expect(ranks).toEqual([high, normal, low])
      const leases = await room.storage.claimTasks(claimBy(await startWorker(room.storage), { max: 1 }))
      expect(leases.map(({ taskId }) => taskId)).toEqual([high])
      expect((await claimedIds()).sort()).toEqual([low, normal].sort())
    })

    test('closing a gate sets aside what waits already, and its priority can still be edited', async () => {
      const tasks = Array.from({ length: 250 }, (_, n) => newTask({ type: `test.${n % 3}` }))
      await room.storage.submitTasks(submissionOf(...tasks))
      const before = await ranksOf(given.db)
      await room.storage.closeQueue(PROJECT, 'default')
      const worker = await startWorker(room.storage, { types: ['test.0', 'test.1', 'test.2'], slots: 250 })
      expect(await room.storage.claimTasks(claimBy(worker))).toEqual([])
      expect(await room.storage.countQueuedTasks(-1_000)).toEqual([])
      await room.storage.editTask(tasks[0]!.id, { title: 'edited' }, BY)
      await room.storage.openQueue(PROJECT, 'default')
      expect(await ranksOf(given.db)).toEqual(before)
      expect(await room.storage.claimTasks(claimBy(worker))).toHaveLength(250)
    })

    test('a scheduled task waits at its gate once it is due, and an edit leaves it there', async () => {
      await room.storage.closeQueue(PROJECT, 'default')
      const task = gatedTask({ delayMs: 3_600_000 })
      await room.storage.submitTasks(submissionOf(task))
      await room.storage.editTask(task.id, { runAt: null }, BY)
      const due = gatedTask({ delayMs: 1 })
      await room.storage.submitTasks(submissionOf(due))
      await eventually(async () => (await room.storage.promoteTasks(10)).promoted > 0)
      expect(room.dispatched).toEqual([])
      expect(await claimedIds()).toEqual([])
      await room.storage.openQueue(PROJECT, 'default')
      expect((await claimedIds()).sort()).toEqual([task.id, due.id].sort())
    })

    test('a task that moves to another queue leaves its gate, with its own rank', async () => {
      await room.storage.closeQueue(PROJECT, 'default')
      const [kept, now] = [gatedTask(), gatedTask()]
      await room.storage.submitTasks(submissionOf(kept, now))
      await room.storage.editTask(kept.id, { queue: 'other' }, BY)
      await room.storage.editTask(now.id, { queue: 'other', runAt: null }, BY)
      expect([await gateOf(kept.id), await gateOf(now.id)]).toEqual([null, null])
      expect(room.dispatched.map(({ taskId }) => taskId).sort()).toEqual([kept.id, now.id].sort())
      const worker = await startWorker(room.storage, { queues: ['other'] })
      const leases = await room.storage.claimTasks(claimBy(worker))
      expect(leases.map(({ taskId }) => taskId)).toEqual([kept.id, now.id])
    })

    test('opening a gate leaves an ordinary rank as it is, which an older process may have given', async () => {
      await room.storage.closeQueue(PROJECT, 'default')
      const task = gatedTask()
      await room.storage.submitTasks(submissionOf(task))
      await script(given.db, `update task set rank = rank - interval '8766000 hours' where id = '${task.id}'`)
      const before = await ranksOf(given.db)
      await room.storage.openQueue(PROJECT, 'default')
      expect(await ranksOf(given.db)).toEqual(before)
    })

    test('a task that was stored while its gate was opened does not wait for ever', async () => {
      await room.storage.closeQueue(PROJECT, 'default')
      const [task, ofCaller] = [gatedTask(), gatedTask()]
      // The gate opens behind the admitter's look, as it may in another process.
      const racing = room.open({
        ...given.db,
        async run(statement, params) {
          const rows = await given.db.run(statement, params)
          if (statement.name === 'find_closed_gates') await room.storage.openQueue(PROJECT, 'default')
          return rows
        },
      })
      await racing.submitTasks(submissionOf(task))
      expect(await gateOf(task.id)).toBe(null)

      // In a caller's transaction nobody looks after the commit but the sweep.
      await room.storage.closeQueue(PROJECT, 'default')
      await given.db.transaction((tx) => room.storage.submitWithin(tx, submissionOf(ofCaller)))
      await script(given.db, 'delete from gate')
      expect(await gateOf(ofCaller.id)).toBe('queue/default')
      // The other one was set aside as well when the queue was closed again.
      expect(await room.storage.readmitFromOpenGates()).toBe(2)
      expect(await room.storage.readmitFromOpenGates()).toBe(0)
      expect(room.dispatched.map(({ taskId }) => taskId)).toContain(ofCaller.id)
    })
  })
}

const ranksOf = (db: Database) => rowsOf<{ id: string; rank: Date }>(db, 'select id, rank::text from task order by id')
