import { statement } from '@taskflow/database'
import { describe, expect, test } from 'vitest'
import { moveTime, openTestDatabase, stopTime, useStorage } from './databases.ts'
import { engines } from './engines.ts'
import { newTask, submissionOf } from './factories.ts'

const hour = 3_600_000

const clock = statement<readonly [], { ahead_ms: number }>({
  name: 'testing_clock',
  columns: ['ahead_ms'],
  text: `select round(extract(epoch from clock_now() - now()) * 1000)::float8 as ahead_ms`,
})

const moment = statement<readonly [], { at: Date }>({
  name: 'testing_moment',
  columns: ['at'],
  text: 'select clock_now() as at',
})

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)

    test('gives each caller a database of its own', async () => {
      const task = newTask()
      await given.storage.submitTasks(submissionOf(task))
      const other = await openTestDatabase(engine)
      const names = await other.db.run(taskIds, [])
      await other.drop()
      expect(names).toEqual([])
      expect(await given.db.run(taskIds, [])).toEqual([{ id: task.id }])
    })

    test('moves the clock of the database, for every session and statement', async () => {
      const readClock = async () => (await given.db.run(clock, []))[0]?.ahead_ms
      expect(await readClock()).toBe(0)
      await moveTime(given.db, hour)
      expect(await readClock()).toBe(hour)
      await given.storage.submitTasks(submissionOf(newTask({ delayMs: 2 * hour })))
      expect((await given.storage.promoteTasks(100)).promoted).toBe(0)
      await moveTime(given.db, 4 * hour)
      expect((await given.storage.promoteTasks(100)).promoted).toBe(1)
      await moveTime(given.db, 0)
      expect(await readClock()).toBe(0)
    })

    test('has the clock of the database stand still, and sets it going again', async () => {
      await stopTime(given.db, hour)
      const [first] = await given.db.run(moment, [])
      expect(await given.db.run(moment, [])).toEqual([first])
      await stopTime(given.db, 2 * hour)
      const [later] = await given.db.run(moment, [])
      expect(later!.at.getTime() - first!.at.getTime()).toBe(hour)
      await moveTime(given.db, 0)
      expect(await given.db.run(clock, [])).toEqual([{ ahead_ms: 0 }])
    })
  })
}

const taskIds = statement<readonly [], { id: string }>({
  name: 'testing_task_ids',
  columns: ['id'],
  text: 'select id from task',
})
