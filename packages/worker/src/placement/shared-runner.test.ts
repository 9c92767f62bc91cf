import { handClock, settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import type { RunnerHandle } from './runner-handle.ts'
import { SharedRunner } from './shared-runner.ts'

function setup() {
  const clock = handClock()
  const opened: RunnerHandle[] = []
  const killed: RunnerHandle[] = []
  const subject = new SharedRunner({
    clock,
    listener: { onReport() {}, onCrash() {} },
    open() {
      const runner = {
        ready: opened.length === 0 ? Promise.resolve([]) : Promise.reject(new Error('The modules are gone')),
        kill: async () => void killed.push(runner),
      } as Pick<RunnerHandle, 'ready' | 'kill'> as RunnerHandle
      opened.push(runner)
      return runner
    },
    onFailedStart() {},
  })
  return { subject, clock, opened, killed }
}

test('opens another runner while its replacement cannot load the modules', async () => {
  const { subject, clock, opened, killed } = setup()
  subject.replace()
  await clock.advance(50)
  expect(opened).toHaveLength(3)
  expect(killed).toEqual(opened.slice(0, 2))
  expect(subject.isReady).toBe(false)
})

test('opens no runner after the stop', async () => {
  const { subject, opened, killed } = setup()
  subject.replace()
  await settled()
  await subject.stop()
  await settled()
  expect(killed).toEqual(opened)
})
