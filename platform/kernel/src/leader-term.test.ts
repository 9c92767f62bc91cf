import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LeaderTerm } from './leader-term.ts'

const LEASE_MS = 8_000

describe('a term', () => {
  test('is believed from the moment it was asked for, until a second before the row expires', () => {
    const term = new LeaderTerm({ term: 3, askedAtMs: 500, leaseMs: LEASE_MS })
    expect(term.term).toBe(3)
    expect(term.remainingMs(500)).toBe(7_000)
    expect(term.remainingMs(7_499)).toBe(1)
    expect(term.remainingMs(7_500)).toBe(0)
  })

  test('is shorter the slower the reply came, and not believed at all when that took a whole lease', () => {
    const term = new LeaderTerm({ term: 1, askedAtMs: 0, leaseMs: LEASE_MS })
    expect(term.remainingMs(3_000)).toBe(4_000)
    expect(term.remainingMs(LEASE_MS)).toBe(0)
  })

  test('of a lease within the margin is never believed', () => {
    const term = new LeaderTerm({ term: 1, askedAtMs: 0, leaseMs: LeaderTerm.SAFETY_MARGIN_MS })
    expect(term.remainingMs(0)).toBe(0)
  })

  test('ends before the row does, whenever it was asked for and however long the lease', () => {
    const millisecond = fc.integer({ min: 0, max: 1_000_000 })
    fc.assert(
      fc.property(millisecond, millisecond, millisecond, (askedAtMs, leaseMs, elapsedMs) => {
        const term = new LeaderTerm({ term: 1, askedAtMs, leaseMs })
        const isBelieved = term.remainingMs(askedAtMs + elapsedMs) > 0
        expect(isBelieved).toBe(elapsedMs < leaseMs - LeaderTerm.SAFETY_MARGIN_MS)
      }),
    )
  })
})
