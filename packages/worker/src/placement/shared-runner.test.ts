import { handClock, settled } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import type { RunnerHandle } from './runner-handle.ts'
import { SharedRunner } from './shared-runner.ts'

interface Opened extends Pick<RunnerHandle, 'ready'> {
  isGone: boolean
  readonly openedAt: number
}

/** A shared runner whose threads load at once, except those that `breaks` names by their number. */
async function setup({ breaks = () => false }: { breaks?: (number: number) => boolean } = {}) {
  const clock = handClock()
  const opened: Opened[] = []
  const killed: Opened[] = []
  const failures: unknown[] = []
  const subject = new SharedRunner({
    clock,
    listener: { onReport() {}, onCrash() {}, onSlowLoad() {} },
    open() {
      const runner = {
        ready: breaks(opened.length) ? Promise.reject(new Error('The modules are gone')) : Promise.resolve([]),
        isGone: false,
        openedAt: clock.monotonicMs(),
        async kill() {
          runner.isGone = true
          killed.push(runner)
        },
      }
      opened.push(runner)
      return runner as Pick<RunnerHandle, 'ready' | 'kill' | 'isGone'> as RunnerHandle
    },
    onFailedStart: (error) => failures.push(error),
  })
  await subject.start()
  const crash = async (): Promise<void> => {
    const runner = opened.at(-1)!
    runner.isGone = true
    subject.onCrash('exited with code 1', runner as Partial<RunnerHandle> as RunnerHandle)
    await settled()
  }
  return { subject, clock, opened, killed, failures, crash }
}

test('opens another runner while its replacement cannot load the modules', async () => {
  const { subject, clock, opened, killed, failures } = await setup({ breaks: (number) => number > 0 })
  subject.replace()
  await clock.advance(60)
  expect(opened).toHaveLength(3)
  expect(killed).toEqual(opened)
  expect(failures).toHaveLength(2)
  expect(subject.isReady).toBe(false)
})

test('opens no runner after the stop', async () => {
  const { subject, opened, killed } = await setup({ breaks: (number) => number > 0 })
  subject.replace()
  await settled()
  await subject.stop()
  await settled()
  expect(new Set(killed)).toEqual(new Set(opened))
})

test('replaces a runner that has lived at once after each crash', async () => {
  const { subject, clock, opened, crash } = await setup()
  for (const _ of [1, 2, 3]) {
    await clock.advance(10_000)
    await crash()
    expect(subject.isReady).toBe(true)
  }
  expect(opened).toHaveLength(4)
  expect(subject.startingMs).toBe(0)
})

test('pauses longer and longer before it replaces a runner that crashes soon after each start', async () => {
  const { subject, clock, opened, crash } = await setup()
  while (clock.monotonicMs() < 60_000) {
    if (!opened.at(-1)!.isGone) await crash()
    await clock.advance(10)
  }
  const pauses = opened.slice(1).map(({ openedAt }, index) => openedAt - opened[index]!.openedAt)
  expect(opened.length).toBeLessThan(50)
  expect(pauses.at(-1)).toBeGreaterThanOrEqual(2_000)
  expect(subject.startingMs).toBeGreaterThan(50_000)
})

test('counts a replacement as ready only when it has lived for as long as the pause before it', async () => {
  const { subject, clock, crash } = await setup()
  await crash()
  expect(subject.isReady).toBe(true)
  await crash()
  expect(subject.isReady).toBe(false)
  await clock.advance(50)
  expect(subject.isReady).toBe(false)
  await clock.advance(50)
  expect(subject.isReady).toBe(true)
})

test('is stable again once a runner has lived', async () => {
  const { subject, clock, crash } = await setup()
  for (const _ of Array(4)) {
    await crash()
    await clock.advance(2_000)
  }
  expect(subject.startingMs).toBeGreaterThan(0)
  await clock.advance(10_000)
  expect(subject.startingMs).toBe(0)
})
