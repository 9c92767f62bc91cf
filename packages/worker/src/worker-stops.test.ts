import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TaskId } from '@taskflow/tasks'
import { eventually, nextEvents } from '@taskflow/testing/wait'
import { describe, expect, onTestFinished, test } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { FIXTURES, setupWorker } from '../test/setup-worker.ts'

describe('worker › cancels', () => {
  test.each(['obeys', 'obeys.thread'])('an attempt that %s its signal', async (type) => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [submitted] = submit(lease(type))
    await hasLogged('waiting')
    storage.cancelled.push(submitted.taskId)
    expect(await eventually(() => storage.verdictOf(submitted.taskId))).toMatchObject({
      verb: 'cancel',
      error: { name: 'Cancelled', reason: 'cancelled' },
    })
  })

  test.each(['for this worker', 'for all workers'])('at once after a wake-up %s', async (target) => {
    const { worker, storage, submit, hasLogged, wake } = setupWorker({ heartbeatMs: 60_000 })
    await worker.start()
    const [submitted] = submit(lease('obeys'))
    await hasLogged('waiting')
    storage.cancelled.push(submitted.taskId)
    wake('asked', target === 'for this worker' ? (worker.id ?? '') : '')
    expect(await eventually(() => storage.verdictOf(submitted.taskId))).toMatchObject({ verb: 'cancel' })
  })

  test('no attempt whose handler succeeds in spite of the request', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [submitted] = submit(lease('finishes.anyway'))
    await hasLogged('waiting')
    storage.cancelled.push(submitted.taskId)
    const verdict = await eventually(() => storage.verdictOf(submitted.taskId))
    expect(verdict).toEqual({ verb: 'complete', result: '"Cancelled"' })
  })

  test('by force an attempt that ignores its signal in a runner of its own', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [submitted] = submit(lease('ignores.thread'))
    await hasLogged('waiting')
    storage.cancelled.push(submitted.taskId)
    expect(await eventually(() => storage.verdictOf(submitted.taskId))).toMatchObject({ verb: 'cancel' })
  })

  test('by force an attempt that ignores its signal and sends no heartbeat', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker()
    await worker.start()
    const [submitted] = submit(lease('ignores.silently'))
    await hasLogged('waiting')
    storage.cancelled.push(submitted.taskId)
    expect(await eventually(() => storage.verdictOf(submitted.taskId))).toMatchObject({ verb: 'cancel' })
  })

  test('no task that it does not hold', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.start()
    storage.cancelled.push('00000000-0000-7000-8000-ffffffffffff' as TaskId)
    expect(await settle(lease('takes', 120))).toMatchObject([{ verb: 'complete' }])
  })
})

describe('worker › stops', () => {
  test('after the running attempts when they end in time', async () => {
    const { worker, storage, submit } = setupWorker({ drainMs: 2_000 })
    await worker.start()
    const id = worker.id
    const [submitted] = submit(lease('takes', 200))
    await eventually(() => storage.queued.length === 0)
    await worker.stop()
    expect(storage.verdictOf(submitted.taskId)).toMatchObject({ verb: 'complete' })
    expect(storage.deregistered).toEqual([id])
    expect(storage.pulses.at(-1)?.state).toBe('draining')
  })

  test.each(['obeys', 'ignores', 'ignores.thread'])(
    'after it has released the tasks of attempts that do not end (%s)',
    async (type) => {
      const { worker, storage, events, submit, hasLogged } = setupWorker()
      await worker.start()
      const stopped = nextEvents(events, 'worker.stopped')
      const [submitted] = submit(lease(type))
      await hasLogged('waiting')
      await worker.stop()
      expect(storage.verdictOf(submitted.taskId)).toEqual({ verb: 'release' })
      expect(await stopped).toMatchObject([{ released: 1 }])
    },
  )

  test('while its shared loop is blocked', async () => {
    const { worker, storage, submit } = setupWorker()
    await worker.start()
    const [submitted] = submit(lease('blocks', 60_000))
    await eventually(() => storage.queued.length === 0)
    await worker.stop()
    expect(storage.verdictOf(submitted.taskId)).toEqual({ verb: 'release' })
  })

  test('while the database is unavailable, and leaves its tasks to the rescuer', async () => {
    const { worker, storage, submit, hasLogged } = setupWorker({ drainMs: 10, killGraceMs: 10 })
    await worker.start()
    submit(lease('obeys'))
    await hasLogged('waiting')
    storage.beUnavailable()
    await worker.stop()
    expect(storage.settlements).toEqual([])
  }, 10_000)

  test('while its shared runner cannot be replaced', async () => {
    const tasks = await mkdtemp(join(tmpdir(), 'taskflow-'))
    onTestFinished(() => rm(tasks, { recursive: true, force: true }))
    const definition = "{ [Symbol.for('taskflow.definition')]: true, type: 'exits', run: () => process.exit(7) }"
    await writeFile(join(tasks, 'exits.mjs'), `export const exits = ${definition}`)
    const { worker, storage, broker, events, settle, submit } = setupWorker({ tasks })
    await worker.start()
    await rm(tasks, { recursive: true })
    const failed = nextEvents(events, 'round.failed')
    expect(await settle(lease('exits'))).toMatchObject([{ verb: 'rescue' }])
    await failed
    submit(lease('exits'))
    await eventually(() => broker.released === 1)
    await worker.stop()
    expect(storage.deregistered).toHaveLength(1)
  })

  test.each(['waits', 'spins'])('while a task module that never finishes its import %s', async (folder) => {
    const { worker, storage } = setupWorker({ tasks: join(FIXTURES, 'never-loads', folder) })
    const starting = expect(worker.start()).rejects.toMatchObject({ code: 'SETTINGS_INVALID' })
    await eventually(() => worker.health?.loadingModule === 'never.ts')
    expect(worker.health).toMatchObject({ state: 'loading', sinceFetchMs: 0 })
    expect(worker.health?.startingMs).toBeGreaterThan(0)
    await worker.stop()
    await starting
    expect(worker.health).toBeUndefined()
    expect(storage.registered).toEqual([])
  })

  test('while its modules load, and starts again', async () => {
    const { worker, settle } = setupWorker()
    const interrupted = worker.start().catch((error: unknown) => error)
    await worker.stop()
    expect(await interrupted).toMatchObject({ code: 'SETTINGS_INVALID' })
    await worker.start()
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })

  test('before it was started, twice, and starts again', async () => {
    const { worker, storage, settle } = setupWorker()
    await worker.stop()
    await worker.start()
    await worker.start()
    expect(storage.registered.length).toBe(1)
    await Promise.all([worker.stop(), worker.stop()])
    expect(worker.id).toBeUndefined()
    await worker.start()
    expect(await settle(lease('succeeds'))).toMatchObject([{ verb: 'complete' }])
  })
})
