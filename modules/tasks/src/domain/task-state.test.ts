import { describe, expect, test } from 'vitest'
import {
  canTransition,
  EDITABLE_STATES,
  FINISHED_STATES,
  isEditable,
  isFinished,
  TASK_STATES,
  type TaskState,
  type TaskVerb,
  TRANSITIONS,
} from './task-state.ts'

/** The same table by state, written a second time, so that a mistake in one of the two fails the test. */
const VERBS_IN: Record<TaskState, readonly TaskVerb[]> = {
  blocked: ['expire', 'cancel'],
  scheduled: ['promote', 'expire', 'cancel'],
  queued: ['claim', 'expire', 'cancel'],
  running: ['complete', 'fail', 'retry', 'snooze', 'release', 'rescue', 'cancel'],
  waiting: ['expire', 'cancel'],
  retrying: ['promote', 'expire', 'cancel'],
  succeeded: ['redrive'],
  failed: ['redrive'],
  cancelled: ['redrive'],
}

describe('every verb in every state', () => {
  for (const verb of Object.keys(TRANSITIONS) as TaskVerb[]) {
    for (const state of TASK_STATES) {
      const isAllowed = VERBS_IN[state].includes(verb)
      test(`${verb} from ${state} is ${isAllowed ? 'allowed' : 'refused'}`, () => {
        expect(canTransition(verb, state)).toBe(isAllowed)
      })
    }
  }
})

test('a finished state allows only a redrive, and every other state can be cancelled', () => {
  for (const state of TASK_STATES) {
    expect(canTransition('redrive', state)).toBe(isFinished(state))
    expect(canTransition('cancel', state)).toBe(!isFinished(state))
  }
})

test('a running task can reach every finished state', () => {
  const reached = Object.values(TRANSITIONS)
    .filter(({ from }) => (from as readonly TaskState[]).includes('running'))
    .map(({ to }) => to)
  expect(reached).toEqual(expect.arrayContaining([...FINISHED_STATES]))
})

test('no verb leads from a state to itself', () => {
  for (const { from, to } of Object.values(TRANSITIONS)) expect(from).not.toContain(to)
})

test('a task can be edited only while it is unfinished and no worker holds it', () => {
  for (const state of TASK_STATES)
    expect(isEditable(state)).toBe((EDITABLE_STATES as readonly string[]).includes(state))
  expect(EDITABLE_STATES.filter((state) => isFinished(state))).toEqual([])
  expect(EDITABLE_STATES).not.toContain('running')
})
