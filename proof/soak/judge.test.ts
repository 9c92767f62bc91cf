import { expect, test } from 'vitest'
import { judge } from './judge.ts'
import type { Sample } from './sampler.ts'

const HOUR_SECONDS = 3_600
const SAMPLE_SECONDS = 15

interface Shape {
  readonly heapMiB?: number
  readonly dead?: number
  readonly submitMs?: number
  readonly others?: number
}

/** An hour in which each sample is as the shape says, and otherwise like every other. */
function hour(shape: (nth: number) => Shape): { samples: Sample[] } {
  const count = HOUR_SECONDS / SAMPLE_SECONDS
  return { samples: Array.from({ length: count }, (_, nth) => sampleOf((nth + 1) * SAMPLE_SECONDS, shape(nth))) }
}

function sampleOf(atSeconds: number, { heapMiB = 40, dead = 8_000, submitMs = 4, others = 10 }: Shape): Sample {
  const process = {
    residentMiB: 150,
    heapMiB: 40,
    oldSpaceMiB: 30,
    heapTotalMiB: 60,
    externalMiB: 5,
    loopLagP99Ms: 2,
    files: 40,
  }
  const table = { live: 1_000, dead, tableMiB: 12, indexMiB: 6, autovacuums: 0 }
  const spread = { count: 3_000, p50: 3, p99: 12 }
  return {
    atSeconds,
    machine: { busy: 30, others, load: 1 },
    processes: { api: { ...process, heapMiB }, worker: process, coordinator: process },
    cpu: { api: 10, worker: 10, coordinator: 1, postgres: 20, caller: 10 },
    postgres: {
      tables: { task: table },
      taskIndexes: {},
      finished: { partitions: 10, totalMiB: 5_000, todayMiB: 100 },
      autovacuums: 0,
      walMiB: 0,
      walMiBPerSecond: 1,
      ownMiB: 100,
      connections: 20,
      depth: {},
    },
    caller: { residentMiB: 200, files: 30, loopLagP99Ms: 1 },
    submits: { ...spread, p50: submitMs, failures: 0, inFlight: 1 },
    pickups: spread,
    late: spread,
  }
}

const rising = (samples: { samples: Sample[] }): string[] =>
  judge(samples)
    .filter(({ isFlat }) => !isFlat)
    .map(({ curve }) => curve)

test('finds an hour flat that is', () => {
  expect(rising(hour(() => ({})))).toEqual([])
})

test('finds a heap that grows', () => {
  expect(rising(hour((nth) => ({ heapMiB: 40 + nth / 12 })))).toEqual(['heap of api'])
})

test('lets a heap find its size in the first minutes', () => {
  expect(rising(hour((nth) => ({ heapMiB: Math.min(60, 20 + 2 * nth) })))).toEqual([])
})

test('lets a heap grow by less than its own grain', () => {
  expect(rising(hour((nth) => ({ heapMiB: 40 + nth / 40 })))).toEqual([])
})

test('finds dead rows that pile up', () => {
  expect(rising(hour((nth) => ({ dead: 8_000 + 30 * nth })))).toEqual(['dead rows of `task`'])
})

test('finds a latency that grows, also while others use the machine', () => {
  expect(rising(hour((nth) => ({ submitMs: 4 + nth / 30, others: nth % 3 === 0 ? 60 : 5 })))).toEqual(['submit, p50'])
})

test('does not take the neighbours that came for a latency of our own', () => {
  const shape = (nth: number): Shape =>
    nth > 100 && nth % 3 > 0 ? { submitMs: 30, others: 80 } : { submitMs: 4, others: 5 + (nth % 2) }
  expect(rising(hour((nth) => shape(nth)))).toEqual([])
})
