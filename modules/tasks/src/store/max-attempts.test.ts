import { claimBy, emptyDatabase, engines, newTaskId, PROJECT, submissionOf, useStorage } from '@taskflow/testing'
import { startWorker } from '@taskflow/testing/task-in-state'
import { beforeEach, describe, expect, test } from 'vitest'
import { completeTask, DEFAULT_MAX_ATTEMPTS, type TaskRequest } from '../domain/complete-task.ts'
import type { ClaimRequest } from '../ports/attempt-store.ts'

/** A task that is submitted before any worker has announced its type. */
const unannounced = (request: TaskRequest) =>
  completeTask(request, { id: newTaskId(), by: { project: PROJECT, actor: 'test' }, known: undefined, payload: 'null' })

const MAX_ATTEMPTS = JSON.stringify({ once: 1, often: 20 })

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    beforeEach(() => emptyDatabase(given.db))

    /** Submits the requests, claims them, and returns the number of attempts of each, in the lease and as stored. */
    async function attemptsOf(requests: readonly TaskRequest[], claim: (ids: string[]) => Partial<ClaimRequest>) {
      const tasks = requests.map(unannounced)
      await given.storage.submitTasks(submissionOf(...tasks))
      const types = ['once', 'often', 'plain', ...Array.from({ length: 20 }, (_, n) => `other.${n}`)]
      const worker = await startWorker(given.storage, { types })
      const ids = tasks.map(({ id }) => id)
      const leases = await given.storage.claimTasks(claimBy(worker, { max: 100, types, ...claim(ids) }))
      const leased = new Map(leases.map(({ taskId, maxAttempts }) => [taskId, maxAttempts]))
      return Promise.all(
        ids.map(async (id) => [leased.get(id), (await given.storage.getTask(PROJECT, id)).maxAttempts]),
      )
    }

    const CLAIMS: Record<string, (ids: string[]) => Partial<ClaimRequest>> = {
      'of few queues and types': () => ({ types: ['once', 'often', 'plain'] }),
      'of many queues and types': () => ({}),
      'by ids': (ids) => ({ ids: ids as never }),
    }
    test.each(Object.keys(CLAIMS))(
      'a claim %s gives a task the number of attempts of its type, unless its caller named one',
      async (which) => {
        const claim = (ids: string[]) => ({ ...CLAIMS[which]!(ids), maxAttempts: MAX_ATTEMPTS })
        const requests = [
          { type: 'once' },
          { type: 'often' },
          { type: 'plain' },
          { type: 'once', maxAttempts: 3 },
          { type: 'once', maxAttempts: DEFAULT_MAX_ATTEMPTS },
          { type: 'once', delayMs: 0 },
        ]
        expect(await attemptsOf(requests, claim)).toEqual([1, 20, 5, 3, 5, 1].map((count) => [count, count]))
      },
    )

    test.each(Object.keys(CLAIMS))('a claim %s of a worker whose types have none leaves the number', async (which) => {
      expect(await attemptsOf([{ type: 'once' }], CLAIMS[which]!)).toEqual([[5, 5]])
    })

    test('the mark of a named number is not shown', async () => {
      const task = unannounced({ type: 'once', maxAttempts: DEFAULT_MAX_ATTEMPTS })
      await given.storage.submitTasks(submissionOf(task))
      expect((await given.storage.getTask(PROJECT, task.id)).options).toEqual({ maxAttemptsGiven: true })
    })
  })
}

test('a task whose type is known has its number from the beginning', () => {
  const known = {
    type: 'once',
    queue: null,
    priority: null,
    maxAttempts: 7,
    retry: null,
    timeouts: null,
    inputSchema: null,
  }
  const given = { id: newTaskId(), by: { project: PROJECT, actor: 'test' }, known, payload: 'null' }
  expect(completeTask({ type: 'once' }, given)).toMatchObject({ maxAttempts: 7, options: null })
})
