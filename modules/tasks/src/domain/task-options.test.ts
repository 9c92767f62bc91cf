import { Type } from 'typebox'
import { expect, test } from 'vitest'
import { optionFields, optionsOf, optionsView, optionViews, type TaskOptionTable } from './task-options.ts'
import type { TaskTypeDefaults } from './task-type.ts'

const TABLE: TaskOptionTable = {
  callbackUrl: { schema: Type.String() },
  weight: { schema: Type.Integer(), defaultOf: ({ priority }) => (priority === 'high' ? 3 : null) },
}

const type = (given: Partial<TaskTypeDefaults> = {}): TaskTypeDefaults => ({
  type: 'test.echo',
  queue: null,
  priority: null,
  maxAttempts: null,
  retry: null,
  timeouts: null,
  inputSchema: null,
  ...given,
})

test('a request without options has none, whatever else it has', () => {
  expect(optionsOf({ type: 'test.echo', title: 'a title' }, type(), TABLE)).toBeNull()
  expect(optionsOf({ callbackUrl: undefined }, undefined, TABLE)).toBeNull()
})

test('takes what the caller gives, and else what the type gives', () => {
  expect(optionsOf({ callbackUrl: 'https://a' }, undefined, TABLE)).toEqual({ callbackUrl: 'https://a' })
  expect(optionsOf({}, type({ priority: 'high' }), TABLE)).toEqual({ weight: 3 })
  expect(optionsOf({ weight: 5 }, type({ priority: 'high' }), TABLE)).toEqual({ weight: 5 })
})

test('shows every option, null where the task does not use it', () => {
  expect(optionsView(null, TABLE)).toEqual({ callbackUrl: null, weight: null })
  expect(optionsView({ weight: 5 } as never, TABLE)).toEqual({ callbackUrl: null, weight: 5 })
})

test('makes a field and a view of each option', () => {
  expect(Object.keys(optionFields(TABLE))).toEqual(['callbackUrl', 'weight'])
  expect(Object.keys(optionViews(TABLE))).toEqual(['callbackUrl', 'weight'])
})
