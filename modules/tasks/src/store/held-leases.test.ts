import { engines, moveTime, useStorage } from '@taskflow/testing'
import { settle, startTask, VERDICTS } from '@taskflow/testing/task-in-state'
import { afterEach, describe, expect, test } from 'vitest'

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    afterEach(() => moveTime(given.db, 0))

    test('a worker holds what it claimed until that is settled, and nothing of another', async () => {
      const { lease, worker } = await startTask(given.storage)
      const other = await startTask(given.storage)
      const { taskId, leaseId } = lease
      expect(await given.storage.listHeldLeases(worker.id)).toEqual([{ taskId, leaseId }])
      await settle(given.storage, lease, VERDICTS.release)
      expect(await given.storage.listHeldLeases(worker.id)).toEqual([])
      expect(await given.storage.listHeldLeases(other.worker.id)).toHaveLength(1)
    })
  })
}
