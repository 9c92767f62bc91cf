import { EventEmitter } from 'node:events'
import { postgresDatabase } from '@taskflow/database'
import type { Storage } from '@taskflow/rooms'
import { openStorage } from '@taskflow/rooms'
import { type Engine, emptyDatabase, engines, moveTime, newTask, PROJECT, useStorage } from '@taskflow/testing'
import { rowsOf } from '@taskflow/testing/raw-sql'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { NewTask } from '../domain/task.ts'

interface Options {
  readonly key?: string
  readonly requestHash?: string
  readonly project?: string
  readonly tasks?: readonly NewTask[]
}

function submitOnce(storage: Storage, { key = 'k', requestHash = 'h', project = PROJECT, tasks }: Options = {}) {
  return storage.submitTasks({
    project,
    tasks: tasks ?? [newTask({ project })],
    idempotency: { key, requestHash },
  })
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    const other = useSecondStorage(engine, given)
    beforeEach(() => emptyDatabase(given.db))

    const storedIds = async () => {
      const rows = await rowsOf<{ id: string }>(given.db, 'select id from task order by id')
      return rows.map(({ id }) => id)
    }

    test('gives the first tasks again when the same request is repeated', async () => {
      const tasks = [newTask(), newTask()]
      const first = await submitOnce(given.storage, { tasks })
      const again = await submitOnce(given.storage)
      expect(first).toMatchObject({ ids: tasks.map(({ id }) => id), replayed: false })
      expect(again).toEqual({ ...first, replayed: true })
      expect(await storedIds()).toEqual(first.ids)
    })

    test('refuses a key that was used with another request', async () => {
      const { ids } = await submitOnce(given.storage)
      await expect(submitOnce(given.storage, { requestHash: 'another' })).rejects.toMatchObject({
        code: 'IDEMPOTENCY_CONFLICT',
      })
      expect(await storedIds()).toEqual(ids)
    })

    test('keeps the keys of projects apart', async () => {
      const mine = await submitOnce(given.storage, { project: 'mine' })
      const yours = await submitOnce(given.storage, { project: 'yours' })
      expect([mine.replayed, yours.replayed]).toEqual([false, false])
      expect(await storedIds()).toHaveLength(2)
    })

    test('P5: gives the same tasks to the same large request, sent again while the first is under way', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 4 }, () =>
          submitOnce(given.storage, { tasks: Array.from({ length: 600 }, () => newTask()) }),
        ),
      )
      expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1)
      expect(new Set(outcomes.map(({ ids }) => ids.join())).size).toBe(1)
      expect(await storedIds()).toEqual(outcomes[0]?.ids)
    })

    test('P5: gives one task for 50 concurrent submissions of one key by two processes', async () => {
      const outcomes = await Promise.all(
        Array.from({ length: 50 }, (_, index) => submitOnce(index % 2 === 0 ? given.storage : other())),
      )
      const ids = new Set(outcomes.flatMap((outcome) => outcome.ids))
      expect([...ids]).toEqual(await storedIds())
      expect(ids.size).toBe(1)
      expect(outcomes.filter(({ replayed }) => !replayed)).toHaveLength(1)
    })

    test('P5: gives one task for each of many keys that two processes submit in opposite orders', async () => {
      const keys = Array.from({ length: 100 }, (_, index) => `key ${index}`)
      const outcomes = await Promise.all([
        ...keys.map((key) => submitOnce(given.storage, { key })),
        ...keys.toReversed().map((key) => submitOnce(other(), { key })),
      ])
      expect(new Set(outcomes.flatMap(({ ids }) => ids)).size).toBe(100)
      expect(await storedIds()).toHaveLength(100)
    })

    test('answers each of a first request, its retry and a conflict that travel together', async () => {
      const outcomes = await Promise.allSettled([
        submitOnce(given.storage),
        submitOnce(given.storage),
        submitOnce(given.storage, { requestHash: 'another' }),
      ])
      expect(outcomes).toMatchObject([
        { value: { replayed: false } },
        { value: { replayed: true } },
        { reason: { code: 'IDEMPOTENCY_CONFLICT' } },
      ])
    })

    test('keeps no key of a submission that failed', async () => {
      const tasks = [newTask({ payload: 'not json' })]
      await expect(submitOnce(given.storage, { tasks })).rejects.toThrow('json')
      expect(await submitOnce(given.storage)).toMatchObject({ replayed: false })
    })

    test('forgets a key after a day', async () => {
      const first = await submitOnce(given.storage)
      await moveTime(given.db, 25 * 3_600_000)
      await given.storage.applyRetention()
      const second = await submitOnce(given.storage)
      await moveTime(given.db, 0)
      expect(second.replayed).toBe(false)
      expect(second.ids).not.toEqual(first.ids)
    })
  })
}

/** Of another process: over connections of its own where the engine has more than one. */
function useSecondStorage(engine: Engine, given: ReturnType<typeof useStorage>): () => Storage {
  let second: Storage
  let close = async () => {}
  beforeAll(() => {
    const db = engine.kind === 'postgres' ? postgresDatabase({ url: given.url ?? '' }) : given.db
    if (engine.kind === 'postgres') close = () => db.close()
    second = openStorage({ db, events: new EventEmitter(), retentionMs: 86_400_000 })
  })
  afterAll(() => close())
  return () => second
}
