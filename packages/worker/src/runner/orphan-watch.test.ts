import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { eventually } from '@taskflow/testing/wait'
import { expect, test } from 'vitest'

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test.each([
  ['a process whose loop is blocked', 'spins.after.a.log', null],
  ['a child of a handler that waits', 'starts.child.process', { next: 'ignore' }],
  ['a child of a handler that blocks its loop', 'starts.child.process', { next: 'spin' }],
])('%s does not outlive the agent that started it', async (_, type, payload) => {
  const agent = fork(join(import.meta.dirname, '../../test/agent-that-dies.ts'), [type, JSON.stringify(payload)])
  const [pid] = (await once(agent, 'message')) as [number]
  expect(isAlive(pid)).toBe(true)
  agent.kill('SIGKILL')
  await eventually(() => !isAlive(pid), { timeoutMs: 10_000 })
})
