import type { LeaderStore } from '@taskflow/kernel'

/** The row that the real storage keeps, in memory; the storage's own tests say what it does. */
export function leaderRow(nowMs: () => number): LeaderStore {
  let row = { holder: '', term: 0, expiresAtMs: 0 }
  return {
    async lead({ holder, ttlMs }) {
      const isFree = row.expiresAtMs <= nowMs()
      if (!isFree && row.holder !== holder) return { isLeader: false, expiresInMs: row.expiresAtMs - nowMs() }
      row = { holder, term: row.term + (isFree ? 1 : 0), expiresAtMs: nowMs() + ttlMs }
      return { isLeader: true, term: row.term }
    },
    async resign({ holder }) {
      if (row.holder === holder) row.expiresAtMs = Math.min(row.expiresAtMs, nowMs())
    },
  }
}
