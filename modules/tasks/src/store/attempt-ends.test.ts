import { engines, PROJECT, useStorage } from '@taskflow/testing'
import { attemptsOf, eventsOf, settle, startTask } from '@taskflow/testing/task-in-state'
import { describe, expect, test } from 'vitest'
import { ATTEMPT_ENDS, type AttemptEndName, finishesTask, stateAfter } from '../domain/attempt-ends.ts'
import { type AttemptContext, type AttemptOutcome, CRASH_LIMIT, endOf, judge } from '../domain/attempt-outcome.ts'
import { DEFAULT_RETRY_POLICY } from '../domain/retry-policy.ts'
import type { TaskId } from '../domain/task.ts'

const BY = { project: PROJECT, actor: 'key:test' }

const error = { name: 'Error', message: 'it broke' }
const LAST = { maxAttempts: 1 }

/** An outcome that `judge` turns into each end, and what its context must be. */
const LEADS_TO: Record<AttemptEndName, readonly [AttemptOutcome, Partial<AttemptContext>]> = {
  succeeded: [{ kind: 'succeeded', result: '1' }, {}],
  retried: [{ kind: 'failed', error, retryable: true }, {}],
  timedOut: [{ kind: 'timedOut', error }, {}],
  snoozed: [{ kind: 'snoozed', delayMs: 3_600_000 }, {}],
  released: [{ kind: 'released' }, {}],
  rescued: [{ kind: 'crashed', error }, {}],
  exhausted: [{ kind: 'failed', error, retryable: true }, LAST],
  notRetryable: [{ kind: 'failed', error, retryable: false }, {}],
  lastTimeout: [{ kind: 'timedOut', error }, LAST],
  quarantined: [{ kind: 'crashed', error }, { crashCount: CRASH_LIMIT - 1 }],
  cancelled: [{ kind: 'cancelled', error }, {}],
}

const CONTEXT: AttemptContext = {
  attempt: 1,
  maxAttempts: 3,
  crashCount: 0,
  policy: DEFAULT_RETRY_POLICY,
  random: () => 1,
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)

    for (const name of Object.keys(LEADS_TO) as AttemptEndName[]) {
      const end = ATTEMPT_ENDS[name]
      const [outcome, context] = LEADS_TO[name]
      const verdict = judge(outcome, { ...CONTEXT, ...context })
      const failure = end.reason === null ? null : { ...error, reason: end.reason }

      const kindsOf = async (id: TaskId) => (await eventsOf(given.storage, id)).map(({ kind }) => kind)

      test(`an attempt that ends as ${name} is stored as the table of ends says`, async () => {
        expect(endOf(verdict)).toBe(end)
        const { task, lease } = await startTask(given.storage)
        expect(await settle(given.storage, lease, verdict)).toBe('settled')
        expect(await given.storage.getTask(PROJECT, task.id)).toMatchObject({
          state: stateAfter(end),
          attempt: end.attempts,
          crashCount: end.crashes,
          error: failure,
        })
        expect(await attemptsOf(given.storage, task.id)).toMatchObject([
          { attempt: 1, outcome: end.outcome, error: failure },
        ])
        expect(await kindsOf(task.id)).toEqual([
          'task.created',
          'task.started',
          finishesTask(end) ? `task.${stateAfter(end)}` : end.event,
        ])
      })

      test(`a settlement that is repeated after its attempt ended as ${name} is settled, and no other is`, async () => {
        const { lease } = await startTask(given.storage)
        await settle(given.storage, lease, verdict)
        expect(await settle(given.storage, lease, verdict)).toBe('settled')
        const other = judge(...otherThan(name))
        expect(await settle(given.storage, lease, other)).toBe('stale')
      })

      if (!finishesTask(end)) continue
      test(`the record of an attempt that ended as ${name} keeps its end after a redrive`, async () => {
        const { task, lease } = await startTask(given.storage)
        await settle(given.storage, lease, verdict)
        const before = await attemptsOf(given.storage, task.id)
        await given.storage.redriveTask(task.id, BY, null)
        expect(await attemptsOf(given.storage, task.id)).toEqual(before)
        expect(await kindsOf(task.id)).toEqual(['task.created', 'task.started', end.event, 'task.redriven'])
      })
    }
  })
}

/** An outcome whose end has another outcome than the named end. */
function otherThan(name: AttemptEndName): [AttemptOutcome, AttemptContext] {
  const other = name === 'succeeded' ? 'released' : 'succeeded'
  return [LEADS_TO[other][0], CONTEXT]
}
