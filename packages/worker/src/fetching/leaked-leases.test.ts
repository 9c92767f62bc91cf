import { TaskFlowError } from '@taskflow/kernel'
import type { HeldLease, LeaseId, Settlement, WorkerId } from '@taskflow/tasks'
import { expect, test } from 'vitest'
import { lease } from '../../test/fake-work-store.ts'
import { LeakedLeases } from './leaked-leases.ts'

const WORKER = 'w' as WorkerId

function setup() {
  const { taskId, leaseId } = lease('a')
  const stored: HeldLease[] = [{ taskId, leaseId }]
  const held = new Set<LeaseId>()
  const released: Settlement[] = []
  const errors: unknown[] = []
  const state = { lists: 0, failure: undefined as Error | undefined }
  const claimer = { underWay: undefined as number | undefined, failures: 0 }
  const subject = new LeakedLeases({
    storage: {
      async listHeldLeases() {
        state.lists++
        if (state.failure) throw state.failure
        return [...stored]
      },
      async settleTasks(settlements) {
        released.push(...settlements)
        return settlements.map(() => 'settled')
      },
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    slots: { holds: (id) => held.has(id) },
    settler: { isSettling: () => false },
    claimer,
    onError: (error) => errors.push(error),
  })
  const beat = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await subject.onHeartbeat(WORKER)
  }
  return { stored, held, released, errors, state, claimer, beat, lease: { taskId, leaseId } }
}

test('releases a lease that is found missing twice', async () => {
  const { claimer, released, beat, lease } = setup()
  claimer.failures++
  await beat(1)
  expect(released).toEqual([])
  await beat(1)
  expect(released).toEqual([{ ...lease, verdict: { verb: 'release' } }])
})

test('keeps a lease that the worker holds', async () => {
  const { claimer, held, released, beat, lease } = setup()
  held.add(lease.leaseId)
  claimer.failures++
  await beat(40)
  expect(released).toEqual([])
})

test('does not release a lease that was settled while the list was under way', async () => {
  const { claimer, stored, released, beat } = setup()
  claimer.failures++
  await beat(1)
  const [settled] = stored.splice(0)
  await beat(1)
  if (settled) stored.push(settled)
  await beat(1)
  expect(released).toEqual([])
})

test('waits for the end of a claim that may still bring the lease', async () => {
  const { claimer, released, beat } = setup()
  claimer.underWay = 7
  claimer.failures++
  await beat(4)
  expect(released).toEqual([])
  claimer.underWay = 8
  await beat(1)
  expect(released).toHaveLength(1)
})

test('keeps a lease that its claim brings late', async () => {
  const { claimer, held, released, beat, lease } = setup()
  claimer.underWay = 7
  claimer.failures++
  await beat(2)
  held.add(lease.leaseId)
  claimer.underWay = undefined
  await beat(40)
  expect(released).toEqual([])
})

test('checks seldom while no claim fails, and still finds leaked leases', async () => {
  const { released, state, beat } = setup()
  await beat(29)
  expect(state.lists).toBe(0)
  await beat(2)
  expect(released).toHaveLength(1)
})

test('reports a list that fails and requests it again', async () => {
  const { claimer, state, errors, released, beat } = setup()
  state.failure = new TaskFlowError('DATABASE_UNAVAILABLE', 'The database is unavailable')
  claimer.failures++
  await beat(2)
  expect(errors).toHaveLength(2)
  state.failure = undefined
  await beat(2)
  expect(released).toHaveLength(1)
})
