import { emptyDatabase, engines, useStorage } from '@taskflow/testing'
import { claimOne, settle, startTask, startWorker, submitTask, VERDICTS } from '@taskflow/testing/task-in-state'
import type { Witness } from '@taskflow/testing/witness'
import { beforeEach, expect, test } from 'vitest'
import { verdictOf } from './verdict.ts'
import type { Line } from './witness-file.ts'

// One engine is enough: the queries are plain.
const [engine] = engines()
if (!engine) throw new Error('This run has no database')
const given = useStorage(engine, { checksInvariants: false })
beforeEach(() => emptyDatabase(given.db))

const accepted = (...taskIds: string[]): Witness => ({ kind: 'submitted', atMs: 0, taskIds })

test('a run without violations has only figures', async () => {
  const { task, lease } = await startTask(given.storage)
  await settle(given.storage, lease, VERDICTS.complete)
  const verdict = await verdictOf({ db: given.db, witnesses: [accepted(task.id)], lines: [], crashes: [] })
  expect(verdict).toMatchObject({ violations: [], figures: { succeeded: 1, unfinished: 0, attempts: 1 } })
})

test('a task that still waits at the end breaks a promise', async () => {
  const { id } = await submitTask(given.storage)
  const { figures, violations } = await verdictOf({
    db: given.db,
    witnesses: [accepted(id)],
    lines: [],
    crashes: [],
  })
  expect(figures.unfinished).toBe(1)
  expect(violations).toEqual([{ promise: 'P2', sentence: expect.stringContaining(id) }])
})

test('an unrecorded start is doubled work, unless PostgreSQL crashed at that moment', async () => {
  const worker = await startWorker(given.storage)
  const { id } = await submitTask(given.storage)
  const lease = await claimOne(given.storage, worker)
  await settle(given.storage, lease, VERDICTS.complete)
  const unrecorded: Line = {
    kind: 'started',
    atMs: 50_000,
    taskId: id,
    leaseId: '01a20f06-7f57-7729-84df-15f551a967fb',
    attempt: 1,
    process: '1',
    claimedAgoMs: 20,
  }
  const evidence = { db: given.db, witnesses: [accepted(id)], lines: [unrecorded] }
  expect((await verdictOf({ ...evidence, crashes: [] })).violations).toMatchObject([{ promise: 'P3' }])
  const crash = { fromMs: 50_100, toMs: 51_000 }
  expect(await verdictOf({ ...evidence, crashes: [crash] })).toMatchObject({ violations: [], forgottenClaims: 1 })
})
