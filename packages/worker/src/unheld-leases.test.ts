import { TaskFlowError } from '@taskflow/kernel'
import type { HeldLease, LeaseId, Settlement, WorkerId } from '@taskflow/tasks'
import { expect, test } from 'vitest'
import { lease } from '../test/fake-work-store.ts'
import { unheldLeases } from './unheld-leases.ts'

const WORKER = 'w' as WorkerId

function setup() {
  const { taskId, leaseId } = lease('a')
  const stored: HeldLease[] = [{ taskId, leaseId }]
  const inHand = new Set<LeaseId>()
  const released: Settlement[] = []
  const errors: unknown[] = []
  const state = { claim: undefined as number | undefined, lists: 0, failure: undefined as Error | undefined }
  const subject = unheldLeases({
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
    isInHand: (id) => inHand.has(id),
    claimUnderWay: () => state.claim,
    onError: (error) => errors.push(error),
  })
  const beat = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await subject.onBeat(WORKER)
  }
  return { subject, stored, inHand, released, errors, state, beat, held: { taskId, leaseId } }
}

test('a lease is handed back at its second sighting', async () => {
  const { subject, released, beat, held } = setup()
  subject.doubt()
  await beat(1)
  expect(released).toEqual([])
  await beat(1)
  expect(released).toEqual([{ ...held, verdict: { verb: 'release' } }])
})

test('a lease in hand stays there', async () => {
  const { subject, inHand, released, beat, held } = setup()
  inHand.add(held.leaseId)
  subject.doubt()
  await beat(40)
  expect(released).toEqual([])
})

test('a lease that was settled while the list was on its way is left alone', async () => {
  const { subject, stored, released, beat } = setup()
  subject.doubt()
  await beat(1)
  const [settled] = stored.splice(0)
  await beat(1)
  if (settled) stored.push(settled)
  await beat(1)
  expect(released).toEqual([])
})

test('a lease waits for the end of the claim that may bring it', async () => {
  const { subject, state, released, beat } = setup()
  state.claim = 7
  subject.doubt()
  await beat(4)
  expect(released).toEqual([])
  state.claim = 8
  await beat(1)
  expect(released).toHaveLength(1)
})

test('a lease that its claim brings after all is kept', async () => {
  const { subject, state, inHand, released, beat, held } = setup()
  state.claim = 7
  subject.doubt()
  await beat(2)
  inHand.add(held.leaseId)
  state.claim = undefined
  await beat(40)
  expect(released).toEqual([])
})

test('without doubt it is seldom looked, and still found', async () => {
  const { released, state, beat } = setup()
  await beat(29)
  expect(state.lists).toBe(0)
  await beat(2)
  expect(released).toHaveLength(1)
})

test('a list that fails is reported and asked for again', async () => {
  const { subject, state, errors, released, beat } = setup()
  state.failure = new TaskFlowError('DATABASE_UNAVAILABLE', 'away')
  subject.doubt()
  await beat(2)
  expect(errors).toHaveLength(2)
  state.failure = undefined
  await beat(2)
  expect(released).toHaveLength(1)
})
