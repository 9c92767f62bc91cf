import { TaskFlowError } from '@taskflow/kernel'
import type { Storage } from '@taskflow/rooms'
import { newTask, submissionOf } from '@taskflow/testing'
import { expect, test } from 'vitest'
import { apiRound } from './fuzz-api.ts'
import { TIMEOUT_MS, useApiWorlds } from './given-worlds.ts'

const RUNS = 300

const inWorld = useApiWorlds()

test('every operation answers valid, nearly valid and hostile requests as documented', {
  timeout: TIMEOUT_MS,
}, async () => {
  const { tried, failures } = await inWorld((world) => apiRound(world, { seed: 1, runs: RUNS }))
  expect(failures).toEqual([])
  for (const kind of ['valid', 'nearly valid', 'hostile']) expect(tried[kind]).toBeGreaterThan(RUNS / 20)
})

/** Planted bugs of the server, with the complaint that each must cause. */
const PLANTED: Readonly<
  Record<string, { readonly storageOf: (storage: Storage) => Storage; readonly complaint: RegExp }>
> = {
  'a bug that throws': {
    storageOf: (storage) => ({
      ...storage,
      cancelTask: () => Promise.reject(new TypeError('Cannot read x of null')),
    }),
    complaint: /answers 500/,
  },
  'an undocumented status': {
    storageOf: (storage) => ({
      ...storage,
      cancelTask: () => Promise.reject(new TaskFlowError('TASK_INVALID', 'Cannot be cancelled on a Sunday')),
    }),
    complaint: /answers 422, which the document does not list/,
  },
  'a reply that lacks a field': {
    storageOf: (storage) => ({
      ...storage,
      listQueues: async (...range) =>
        (await storage.listQueues(...range)).map((queue) => ({ ...queue, throughput: { succeeded: 1 } as never })),
    }),
    complaint: /answers (500|what the document does not describe)/,
  },
  'a refusal that shows a query': {
    storageOf: (storage) => ({
      ...storage,
      getTask: () => Promise.reject(new TaskFlowError('TASK_NOT_FOUND', 'select payload from task returned nothing')),
    }),
    complaint: /exposes internals/,
  },
  'a lost field': {
    storageOf: (storage) => ({
      ...storage,
      submitTasks: (submission) =>
        storage.submitTasks({ ...submission, tasks: submission.tasks.map((task) => ({ ...task, labels: null })) }),
    }),
    complaint: /stored a different labels/,
  },
  'a task that is confirmed and not stored': {
    storageOf: (storage) => ({
      ...storage,
      submitTasks: async (submission) => {
        const [first, ...others] = submission.tasks
        if (!first || others.length > 0) return storage.submitTasks(submission)
        return { ids: [first.id], createdAt: new Date(), replayed: false }
      },
    }),
    complaint: /cannot be read back: 404/,
  },
  'a refusal that writes': {
    storageOf: (storage) => ({
      ...storage,
      redriveTask: (id, by, payload) =>
        storage.redriveTask(id, by, payload).catch(async (error: unknown) => {
          await storage.submitTasks(submissionOf(newTask()))
          throw error
        }),
    }),
    complaint: /answers 4\d\d, but wrote to task/,
  },
  'a refused valid request': {
    storageOf: (storage) => ({
      ...storage,
      listTasks: () => Promise.reject(new TaskFlowError('REQUEST_MALFORMED', 'Not today')),
    }),
    complaint: /refuses a valid request/,
  },
}

test.each(Object.entries(PLANTED))('finds %s', { timeout: TIMEOUT_MS }, async (_name, { storageOf, complaint }) => {
  const effort = { seed: 1, runs: 3 * RUNS, isShrunk: false }
  const { failures } = await inWorld((world) => apiRound(world, effort), storageOf)
  expect(failures.map(({ sentence }) => sentence).join('\n')).toMatch(complaint)
})
