import { expect, test } from 'vitest'
import { judge } from './judge.ts'
import type { Sample } from './sampler.ts'

const MINUTES = 60

interface Shape {
  readonly residentMiB?: number
  readonly oldSpaceMiB?: number
  readonly dead?: number
  readonly submitMs?: number
  readonly others?: number
  readonly loopLagMs?: number
}

/** An hour with one sample each minute. The shape sets some figures; the others are constant. */
function hour(shape: (minute: number) => Shape): { samples: Sample[] } {
  return { samples: Array.from({ length: MINUTES }, (_, minute) => sampleOf((minute + 1) * 60, shape(minute))) }
}

function sampleOf(
  atSeconds: number,
  { residentMiB = 150, oldSpaceMiB = 40, dead = 8_000, submitMs = 4, others = 10, loopLagMs = 0 }: Shape,
): Sample {
  const process = {
    residentMiB: 150,
    heapMiB: 50,
    oldSpaceMiB: 40,
    heapTotalMiB: 60,
    externalMiB: 5,
    loopLagP99Ms: 0,
    files: 40,
  }
  const table = { live: 1_000, dead, tableMiB: 12, indexMiB: 6, autovacuums: 0 }
  const spread = { count: 3_000, p50: 3, p99: 12 }
  return {
    atSeconds,
    machine: { busy: 30, others, load: 1 },
    processes: {
      api: { ...process, residentMiB, oldSpaceMiB, loopLagP99Ms: loopLagMs },
      worker: process,
      coordinator: process,
    },
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

test('accepts a flat hour', () => {
  expect(rising(hour(() => ({})))).toEqual([])
})

test('finds a growing old space', () => {
  expect(rising(hour((minute) => ({ oldSpaceMiB: 40 + minute / 3 })))).toEqual(['old space of api'])
})

test('lets memory grow to its size in the first minutes', () => {
  expect(rising(hour((minute) => ({ oldSpaceMiB: Math.min(60, 20 + 8 * minute) })))).toEqual([])
})

test('ignores growth of memory below the floor', () => {
  expect(rising(hour((minute) => ({ oldSpaceMiB: 40 + minute / 10 })))).toEqual([])
})

test('does not mistake steps of the space for new objects for growth', () => {
  expect(rising(hour((minute) => ({ residentMiB: minute > 20 || minute === 12 ? 224 : 120 })))).toEqual([])
})

test('finds resident memory that grows past its highest step', () => {
  const steps = (minute: number): number => (minute % 10 < 5 ? 224 : 160)
  expect(rising(hour((minute) => ({ residentMiB: steps(minute) + 2 * minute })))).toEqual(['memory of api'])
})

test('finds accumulating dead rows', () => {
  expect(rising(hour((minute) => ({ dead: 8_000 + 120 * minute })))).toEqual(['dead rows of `task`'])
})

test('finds a growing latency, also while other processes use the machine', () => {
  const shape = (minute: number): Shape => ({ submitMs: 4 + minute / 8, others: minute % 3 === 0 ? 60 : 5 })
  expect(rising(hour(shape))).toEqual(['submit, p50'])
})

test('does not mistake the load of other processes for a growing latency', () => {
  const loud: Shape = { submitMs: 30, others: 80 }
  const quiet: Shape = { submitMs: 4, others: 5 }
  expect(rising(hour((minute) => (minute > 25 && minute % 3 > 0 ? loud : quiet)))).toEqual([])
})

test('finds a curve that is zero and then rises', () => {
  const late = rising(hour((minute) => ({ loopLagMs: minute > 44 ? 40 : 0 })))
  expect(late).toEqual(['event loop of api, p99'])
})

test('does not call an unmeasured curve flat', () => {
  expect(rising(hour(() => ({ submitMs: Number.NaN })))).toEqual(['submit, p50'])
})
