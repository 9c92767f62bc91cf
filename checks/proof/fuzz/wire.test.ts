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

test('bytes that are nearly HTTP are answered or refused, and store exactly the confirmed tasks', {
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
    'an unconfirmed task',
    (storage) => ({
      ...storage,
      async submitTasks(submission) {
        await storage.submitTasks(submissionOf(newTask()))
        return storage.submitTasks(submission)
      },
    }),
    /stored 2 tasks and confirmed 1/,
  ],
])('finds %s', { timeout: TIMEOUT_MS }, async (_name, storageOf, complaint) => {
  const { failures } = await round(storageOf)
  expect(failures.map(({ sentence }) => sentence).join('\n')).toMatch(complaint)
})
