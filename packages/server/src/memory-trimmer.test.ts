import { handClock } from '@taskflow/testing'
import { afterEach, expect, test } from 'vitest'
import { memoryTrimmer } from './memory-trimmer.ts'
import { v8Heap } from './v8-heap.ts'

const MIB = 1_024 * 1_024

let stop = async () => {}
afterEach(() => stop())

/** A trimmer of a heap that needs 30 MiB and has the size that the test sets. */
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
  const service = memoryTrimmer({
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

test('returns what only the start needed, even from a busy thread', async () => {
  const { state } = await setup()
  expect(state).toMatchObject({ collections: 1, mib: 30 })
})

test('returns what the work needed once the thread is idle, and not before', async () => {
  const { clock, state } = await setup()
  state.mib = 90
  await clock.advance(60_000)
  expect(state.collections).toBe(1)
  state.busyShare = 0.001
  await clock.advance(5_000)
  expect(state).toMatchObject({ collections: 2, mib: 30 })
})

test('does not block an idle process for a small gain', async () => {
  const { clock, state } = await setup()
  state.busyShare = 0
  state.mib = 45
  await clock.advance(600_000)
  expect(state.collections).toBe(1)
})

test('the heap of V8 is smaller after a collection, and measures how busy its thread was', () => {
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
