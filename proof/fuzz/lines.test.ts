import type { Storage } from '@taskflow/core'
import { engines, useStorage } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { openApiWorld } from './api-world.ts'
import { linesRound } from './fuzz-lines.ts'

const RUNS = 24

// Far more than it takes, for a machine that does much else.
const TIMEOUT_MS = 120_000

const [pglite] = engines()
if (pglite?.kind !== 'pglite') throw new Error('Expected PGlite to be the first engine')
const given = useStorage(pglite)

async function round(storageOf?: (storage: Storage) => Storage) {
  const world = await openApiWorld({ db: given.db, ...(storageOf && { storageOf }) })
  await world.app.listen({ host: '127.0.0.1', port: 0 })
  const outcome = await linesRound(world, { seed: 1, runs: RUNS, isShrunk: storageOf === undefined })
  await world.close()
  return outcome
}

test('stores each good line once and in order, names each bad one, and keeps to that when it is broken off', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { tried, failures } = await round()
  expect(failures).toEqual([])
  expect(tried['good lines']).toBeGreaterThan(RUNS)
  expect(tried['bad lines']).toBeGreaterThan(RUNS / 4)
})

test.each<[string, (storage: Storage) => Storage]>([
  [
    'a line that is lost',
    (storage) => ({
      ...storage,
      async submitTasks(submission) {
        const { ids, ...rest } = await storage.submitTasks({ ...submission, tasks: submission.tasks.slice(0, 1) })
        return { ...rest, ids: submission.tasks.map((task, index) => ids[index] ?? task.id) }
      },
    }),
  ],
  [
    'a line that is stored twice',
    (storage) => ({
      ...storage,
      async submitTasks(submission) {
        const [first, ...others] = submission.tasks
        if (first && others.length === 0 && submission.idempotency === undefined)
          await storage.submitTasks({ ...submission, tasks: [{ ...first, id: twin(first.id) }] })
        return storage.submitTasks(submission)
      },
    }),
  ],
  [
    'lines that change places',
    (storage) => ({
      ...storage,
      async submitTasks(submission) {
        const stored = await storage.submitTasks(submission)
        return { ...stored, ids: stored.ids.toReversed() }
      },
    }),
  ],
])('finds %s', { timeout: TIMEOUT_MS }, async (_name, storageOf) => {
  const { failures } = await round(storageOf)
  expect(failures.map(({ what }) => what).join()).toContain('every good line is stored once and in order')
})

const twin = <Id extends string>(id: Id): Id => (id.slice(0, -1) + (id.endsWith('0') ? '1' : '0')) as Id
