import type { Storage } from '@taskflow/rooms'
import { newTask, submissionOf } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { wireRound } from './fuzz-wire.ts'
import { TIMEOUT_MS, useApiWorlds } from './given-worlds.ts'

const RUNS = 100

const inWorld = useApiWorlds()

const round = (storageOf?: (storage: Storage) => Storage) =>
  inWorld(async (world) => {
    await world.app.listen({ host: '127.0.0.1', port: 0 })
    return wireRound(world, { seed: 1, runs: RUNS, isShrunk: storageOf === undefined })
  }, storageOf)

test('what is nearly HTTP is answered or ended, and stores what it was told that it stored', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { tried, failures } = await round()
  expect(failures).toEqual([])
  expect(tried.conversations).toBe(RUNS)
})

test.each<[string, (storage: Storage) => Storage, RegExp]>([
  [
    'a bug that throws',
    (storage) => ({ ...storage, submitTasks: () => Promise.reject(new TypeError('Cannot read x of null')) }),
    /answers 500/,
  ],
  [
    'a task that nobody is told of',
    (storage) => ({
      ...storage,
      async submitTasks(submission) {
        await storage.submitTasks(submissionOf(newTask()))
        return storage.submitTasks(submission)
      },
    }),
    /stored 2 tasks and told of 1/,
  ],
])('finds %s', { timeout: TIMEOUT_MS }, async (_name, storageOf, said) => {
  const { failures } = await round(storageOf)
  expect(failures.map(({ sentence }) => sentence).join('\n')).toMatch(said)
})
