import type { Storage } from '@taskflow/rooms'
import { expect, test } from 'vitest'
import { linesRound } from './fuzz-lines.ts'
import { TIMEOUT_MS, useApiWorlds } from './given-worlds.ts'

const RUNS = 24
// A planted mistake must be found by any seed, since each change of the document draws other uploads.
const RUNS_TO_FIND = 4 * RUNS

const inWorld = useApiWorlds()

const round = (storageOf?: (storage: Storage) => Storage) =>
  inWorld(async (world) => {
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    const isPlanted = storageOf !== undefined
    return linesRound(world, { seed: 1, runs: isPlanted ? RUNS_TO_FIND : RUNS, isShrunk: !isPlanted })
  }, storageOf)

test('stores each good line once and in order, reports each bad line, also when an upload is aborted', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { tried, failures } = await round()
  expect(failures).toEqual([])
  expect(tried['good lines']).toBeGreaterThan(RUNS)
  expect(tried['bad lines']).toBeGreaterThan(RUNS / 4)
})

test.each<[string, (storage: Storage) => Storage]>([
  [
    'a lost line',
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
    'swapped lines',
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
