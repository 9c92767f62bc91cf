import { handClock } from '@taskflow/testing'
import { afterEach, expect, test } from 'vitest'
import { memoryKeeper } from './memory-keeper.ts'
import { v8Heap } from './v8-heap.ts'

const MIB = 1_024 * 1_024

let stop = async () => {}
afterEach(() => stop())

/** A keeper of a heap that needs 30 MiB, and takes what the test says. */
async function setup() {
  const clock = handClock()
  const state = { mib: 80, busyShare: 1, collections: 0 }
  const heap = {
    sizeBytes: () => state.mib * MIB,
    busyShare: () => state.busyShare,
    collect() {
      state.collections++
      state.mib = 30
    },
  }
  const service = memoryKeeper({
    clock,
    heap,
    onError(error) {
      throw error
    },
  })
  stop = service.stop
  await service.start()
  await clock.advance(0)
  return { clock, state }
}

test('gives back what only the start needed, busy as it is', async () => {
  const { state } = await setup()
  expect(state).toMatchObject({ collections: 1, mib: 30 })
})

test('gives back what work needed once there is nothing to do, and only then', async () => {
  const { clock, state } = await setup()
  state.mib = 90
  await clock.advance(60_000)
  expect(state.collections).toBe(1)
  state.busyShare = 0.001
  await clock.advance(5_000)
  expect(state).toMatchObject({ collections: 2, mib: 30 })
})

test('does not hold up a process at rest for little', async () => {
  const { clock, state } = await setup()
  state.busyShare = 0
  state.mib = 45
  await clock.advance(600_000)
  expect(state.collections).toBe(1)
})

test('the heap of V8 is smaller after a collection, and knows whether its thread did something', () => {
  const heap = v8Heap()
  heap.collect()
  let garbage: object[] | undefined = Array.from({ length: 2_000_000 }, (_, index) => ({ index }))
  const before = heap.sizeBytes()
  expect(garbage).toHaveLength(2_000_000)
  garbage = undefined
  heap.collect()
  expect(heap.sizeBytes()).toBeLessThan(before - 8 * MIB)
  expect(heap.busyShare()).toBeGreaterThan(0)
})
