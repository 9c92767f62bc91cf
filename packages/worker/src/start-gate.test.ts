import { expect, test } from 'vitest'
import { StartGate } from './start-gate.ts'

/** The two ends of a gate: that of the agent, and that of the runner. */
function setup() {
  const agent = new StartGate()
  return { agent, runner: new StartGate(agent.buffer) }
}

test('lets orders begin in turn, and shows how many have', () => {
  const { agent, runner } = setup()
  expect([runner.begin(), runner.begin()]).toEqual([true, true])
  expect(agent.begun).toBe(2)
})

test('skips the orders that were sent and had not begun when they were revoked', () => {
  const { agent, runner } = setup()
  const first = runner.begin()
  agent.revoke(3)
  expect(agent.begun).toBe(1)
  expect([first, runner.begin(), runner.begin()]).toEqual([true, false, false])
})

test('lets orders begin that are sent after a revocation', () => {
  const { agent, runner } = setup()
  agent.revoke(1)
  expect([runner.begin(), runner.begin()]).toEqual([false, true])
})
