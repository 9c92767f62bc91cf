import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LeaderTerm } from './leader-term.ts'

const LEASE_MS = 8_000

describe('a term', () => {
  test('is trusted from the request until a second before the row expires', () => {
    const term = new LeaderTerm({ term: 3, requestedAtMs: 500, leaseMs: LEASE_MS })
    expect(term.term).toBe(3)
    expect(term.remainingMs(500)).toBe(7_000)
    expect(term.remainingMs(7_499)).toBe(1)
    expect(term.remainingMs(7_500)).toBe(0)
  })

  test('is shorter after a slow reply, and over if the reply took a whole lease', () => {
    const term = new LeaderTerm({ term: 1, requestedAtMs: 0, leaseMs: LEASE_MS })
    expect(term.remainingMs(3_000)).toBe(4_000)
    expect(term.remainingMs(LEASE_MS)).toBe(0)
  })

  test('is never trusted if the lease is not longer than the safety margin', () => {
    const term = new LeaderTerm({ term: 1, requestedAtMs: 0, leaseMs: LeaderTerm.SAFETY_MARGIN_MS })
    expect(term.remainingMs(0)).toBe(0)
  })

  test('ends before the row expires, for any time of the request and any lease', () => {
    const millisecond = fc.integer({ min: 0, max: 1_000_000 })
    fc.assert(
      fc.property(millisecond, millisecond, millisecond, (requestedAtMs, leaseMs, elapsedMs) => {
        const term = new LeaderTerm({ term: 1, requestedAtMs, leaseMs })
        const isBelieved = term.remainingMs(requestedAtMs + elapsedMs) > 0
        expect(isBelieved).toBe(elapsedMs < leaseMs - LeaderTerm.SAFETY_MARGIN_MS)
      }),
    )
  })
})
