import { expect, test } from 'vitest'
import { statementName } from './statement-name.ts'

test('a statement name depends on the text, so that no other text has it', () => {
  const [one, other] = ['select 1', 'select 2'].map((text) => statementName({ name: 'claim_tasks', text }))
  expect(one).toMatch(/^claim_tasks_[0-9a-f]{8}$/)
  expect(other).toMatch(/^claim_tasks_[0-9a-f]{8}$/)
  expect(one).not.toBe(other)
  expect(statementName({ name: 'claim_tasks', text: 'select 1' })).toBe(one)
})
