import { expect, test } from 'vitest'
import {
  ATTEMPT_ENDS,
  eventOfRecord,
  finishesTask,
  OUTCOME_BY_REASON,
  outcomeOfLast,
  stateAfter,
} from './attempt-ends.ts'
import { ATTEMPT_OUTCOMES, FAILURE_REASONS } from './task.ts'
import { canTransition, type FinishedState } from './task-state.ts'

const ends = Object.values(ATTEMPT_ENDS)
const finishing = ends.filter(finishesTask)

const different = (values: readonly unknown[]): unknown[] => [...new Set(values)].sort()

test('every end is a verb that a running task allows', () => {
  for (const { verb } of ends) expect(canTransition(verb, 'running')).toBe(true)
})

test('the verb and the reason of a verdict identify its end', () => {
  expect(different(ends.map(({ verb, reason }) => `${verb} ${reason}`))).toHaveLength(ends.length)
})

test('some end has each outcome, except that of an attempt that runs', () => {
  expect(different(ends.map(({ outcome }) => outcome))).toEqual(
    ATTEMPT_OUTCOMES.filter((outcome) => outcome !== 'running').sort(),
  )
})

test('some end has each reason, except that of tasks that expire without an attempt', () => {
  expect(different(ends.flatMap(({ reason }) => reason ?? []))).toEqual(
    FAILURE_REASONS.filter((reason) => reason !== 'expired').sort(),
  )
})

test('every end that finishes its task uses its attempt', () => {
  expect(finishing.filter(({ attempts }) => attempts === 0)).toEqual([])
})

test('the row of a finished task gives the outcome of its last attempt', () => {
  for (const end of finishing)
    expect(outcomeOfLast(stateAfter(end) as FinishedState, end.reason ?? undefined)).toBe(end.outcome)
})

test('the outcome of a finished task differs from its state only after a timeout or a quarantine', () => {
  expect(OUTCOME_BY_REASON).toEqual({ timedOut: 'timedOut', quarantined: 'rescued' })
})

test('the record of an attempt gives the event of its end', () => {
  for (const { outcome, reason, event } of ends) expect(eventOfRecord(outcome, reason ?? undefined)).toBe(event)
})
