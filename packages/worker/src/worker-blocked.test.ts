import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually, nextEvents } from '@taskflow/testing/wait'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { setupWorker } from '../test/setup-worker.ts'

const FOR_EVER = 600_000

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'taskflow-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

describe('worker › while a handler blocks the shared loop', () => {
  test('claims nothing for it, reports the attempts in it, and claims again once it answers', async () => {
    const { worker, storage, events, submit, hasLogged } = setupWorker()
    await worker.start()
    const blocked = nextEvents(events, 'runner.blocked')
    const unblocked = nextEvents(events, 'runner.unblocked', { timeoutMs: 10_000 })
    const [waiting] = submit(lease('obeys'))
    await hasLogged('waiting')
    const [blocking] = submit(lease('blocks', 3_500))
    expect(await blocked).toEqual([
      {
        blockedMs: expect.any(Number),
        attempts: 2,
        begun: [waiting, blocking].map(({ taskId, type }) => ({ taskId, type })),
      },
    ])
    expect(worker.health?.blockedMs).toBeGreaterThan(1_900)
    const [late] = submit(lease('succeeds'))
    await nextEvents(events, 'worker.heartbeat', { count: 5 })
    expect(storage.queued).toEqual([late])
    await unblocked
    submit()
    expect(await eventually(() => storage.verdictOf(late.taskId))).toMatchObject({ verb: 'complete' })
    expect(storage.verdictOf(blocking.taskId)).toMatchObject({ verb: 'complete' })
    expect(storage.verdictOf(waiting.taskId)).toBeUndefined()
    expect(worker.health?.blockedMs).toBe(0)
  }, 15_000)

  test('releases what has not begun, without a timeout, and never begins it later', async () => {
    const path = join(await tempFolder(), 'begun')
    const { worker, storage, events, submit, settle } = setupWorker()
    await worker.start()
    const unblocked = nextEvents(events, 'runner.unblocked', { timeoutMs: 10_000 })
    const [, neverBegun] = submit(lease('blocks', 3_000), lease('writes.file', path))
    expect(await eventually(() => storage.verdictOf(neverBegun.taskId))).toEqual({ verb: 'release' })
    await unblocked
    await settle(lease('succeeds'))
    expect(existsSync(path)).toBe(false)
  }, 15_000)

  test('claims tasks whose handlers have runners of their own', async () => {
    const { worker, events, submit, settle } = setupWorker()
    await worker.start()
    const blocked = nextEvents(events, 'runner.blocked')
    submit(lease('blocks', FOR_EVER))
    await blocked
    expect(await settle(lease('logs.process'))).toMatchObject([{ verb: 'complete' }])
  }, 15_000)

  test('cancels the task that blocks it, and releases the others in it', async () => {
    const { worker, storage, submit, hasLogged, settle } = setupWorker()
    await worker.start()
    const [waiting] = submit(lease('obeys'))
    await hasLogged('waiting')
    const [blocking] = submit(lease('blocks', FOR_EVER))
    await eventually(() => storage.queued.length === 0)
    storage.cancelled.push(blocking.taskId)
    expect(await eventually(() => storage.verdictOf(blocking.taskId))).toMatchObject({
      verb: 'cancel',
      error: { reason: 'cancelled' },
    })
    expect(await eventually(() => storage.verdictOf(waiting.taskId))).toEqual({ verb: 'release' })
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })

  test('cancels a task that another one blocks', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [waiting] = submit(lease('obeys'))
    await hasLogged('waiting')
    const [blocking] = submit(lease('blocks', FOR_EVER))
    await eventually(() => storage.queued.length === 0)
    storage.cancelled.push(waiting.taskId)
    expect(await eventually(() => storage.verdictOf(waiting.taskId))).toMatchObject({ verb: 'cancel' })
    expect(await eventually(() => storage.verdictOf(blocking.taskId))).toEqual({ verb: 'release' })
  })

  test('cancels a task that blocks it only after it has ignored the cancellation', async () => {
    const path = join(await tempFolder(), 'block')
    const { worker, storage, events, submit, hasLogged } = setupWorker()
    await worker.start()
    const ignored = nextEvents(events, 'cancellation.ignored')
    const [submitted] = submit(lease('ignores.then.blocks', path))
    await hasLogged('waiting')
    storage.cancelled.push(submitted.taskId)
    const { taskId, type } = submitted
    expect(await ignored).toEqual([{ taskId, type }])
    expect(storage.verdictOf(submitted.taskId)).toBeUndefined()
    submit(lease('writes.file', path))
    expect(await eventually(() => storage.verdictOf(submitted.taskId))).toMatchObject({ verb: 'cancel' })
  })

  test('replaces the runner when the worker was marked lost, and runs tasks again', async () => {
    const { worker, storage, events, submit, settle } = setupWorker()
    await worker.start()
    const crashed = nextEvents(events, 'runner.crashed')
    submit(lease('blocks', FOR_EVER))
    await eventually(() => storage.queued.length === 0)
    if (worker.id) storage.lost.add(worker.id)
    expect(await crashed).toMatchObject([{ placement: 'shared', attempts: 0 }])
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  }, 15_000)
})
