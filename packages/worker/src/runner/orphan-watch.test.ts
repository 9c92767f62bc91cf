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

test('a process whose loop is blocked does not outlive the agent that started it', async () => {
  const agent = fork(join(import.meta.dirname, '../../test/agent-that-dies.ts'))
  const [pid] = (await once(agent, 'message')) as [number]
  expect(isAlive(pid)).toBe(true)
  agent.kill('SIGKILL')
  await eventually(() => !isAlive(pid), { timeoutMs: 10_000 })
})
