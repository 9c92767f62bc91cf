import type { LeaderStore } from '@taskflow/kernel'
import type { Database } from './database.ts'
import { electLeader } from './statements/elect-leader.ts'
import { resignLeader } from './statements/resign-leader.ts'

/** Stores leaderships in the table `leader`. */
export function leaderStore(db: Database): LeaderStore {
  return {
    async lead({ name, holder, ttlMs }) {
      const [row] = await db.run(electLeader, [name, holder, ttlMs])
      if (row && row.term !== null) return { isLeader: true, term: row.term }
      return { isLeader: false, expiresInMs: Math.max(0, row?.expires_in_ms ?? 0) }
    },

    async resign({ name, holder }) {
      await db.run(resignLeader, [name, holder])
    },
  }
}
