import { eventually } from '@taskflow/testing/wait'
import { expect, onTestFinished, test } from 'vitest'
import type { FakeWorkStore } from '../test/fake-work-store.ts'
import { lease } from '../test/fake-work-store.ts'
import { setupWorker } from '../test/setup-worker.ts'

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Resolves with the process id of the child that a handler has started. The end of the test kills the child. */
async function childOf({ lines }: FakeWorkStore): Promise<number> {
  const pid = await eventually(() => {
    const fields = lines.find(({ message }) => message === 'started')?.fields
    return fields ? (JSON.parse(fields) as { pid: number }).pid : undefined
  })
  onTestFinished(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
  return pid
}

test.each(['ignore', 'spin'])('a child ends with the process of a handler that is killed (%s)', async (next) => {
  const { worker, storage, settle } = setupWorker()
  await worker.start()
  const settled = settle(lease('starts.child.process', { next }, { timeouts: { startToCloseMs: 300 } }))
  const child = await childOf(storage)
  expect(isAlive(child)).toBe(true)
  expect(await settled).toMatchObject([{ error: { reason: 'timedOut' } }])
  await eventually(() => !isAlive(child))
})

test('a child ends with the process of a handler that exits', async () => {
  const { worker, storage, settle } = setupWorker()
  await worker.start()
  const settled = settle(lease('starts.child.process', { next: 'exit' }))
  const child = await childOf(storage)
  expect(await settled).toMatchObject([{ verb: 'rescue' }])
  await eventually(() => !isAlive(child))
})

test('a child that a handler left behind ends at the latest with the worker', async () => {
  const { worker, storage, settle } = setupWorker()
  await worker.start()
  await settle(lease('starts.child.process', { next: 'end' }))
  const child = await childOf(storage)
  await worker.stop()
  await eventually(() => !isAlive(child))
})

test.each(['shared', 'thread', 'process'])(
  'a child that is tied to the signal ends when its attempt is stopped, placed %s',
  async (placement) => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    const payload = { next: 'ignore', isTied: true }
    const settled = settle(lease(`starts.child.${placement}`, payload, { timeouts: { startToCloseMs: 300 } }))
    const child = await childOf(storage)
    expect(await settled).toMatchObject([{ error: { reason: 'timedOut' } }])
    await eventually(() => !isAlive(child))
  },
)
