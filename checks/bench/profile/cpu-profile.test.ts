import { expect, test } from 'vitest'
import { between, type CpuProfile, nameOf, selfTimes } from './cpu-profile.ts'

const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 9 })

/** Idle at first, then `run` of the worker, which calls into pg. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3] },
    { id: 2, callFrame: frame('(idle)') },
    { id: 3, callFrame: frame('run', 'file:///t/packages/worker/src/session.ts'), children: [4] },
    { id: 4, callFrame: frame('query', 'file:///t/node_modules/pg/lib/client.js') },
  ],
  samples: [2, 3, 4, 4, 2],
  timeDeltas: [100, 10, 20, 30, 40],
  startTime: 1_000,
}

test('adds up the time that functions and packages took themselves, and leaves out when nothing ran', () => {
  const { busyUs, idleUs, byFunction, byPackage } = selfTimes(PROFILE)
  expect({ busyUs, idleUs }).toEqual({ busyUs: 60, idleUs: 140 })
  expect(Object.fromEntries(byFunction)).toEqual({
    'run worker/src/session.ts:10': 10,
    'query pg/lib/client.js:10': 50,
  })
  expect(Object.fromEntries(byPackage)).toEqual({ 'packages/worker': 10, pg: 50 })
})

test('keeps the samples between two moments', () => {
  const { samples, timeDeltas } = between(PROFILE, 1_105, 1_165)
  expect({ samples, timeDeltas }).toEqual({ samples: [3, 4, 4], timeDeltas: [10, 20, 30] })
})

test('names a function by its place, and what has no place by itself', () => {
  expect(nameOf(frame('', 'node:internal/timers'))).toBe('(anonymous) node:internal/timers:10')
  expect(nameOf(frame('(garbage collector)'))).toBe('(garbage collector)')
})
