import type { Database, Dispatch, Events, Storage } from '@taskflow/core'
import { dutyStore } from './duty-store.ts'
import { fleetStore } from './fleet-store.ts'
import { keyStore } from './key-store.ts'
import { leaderStore } from './leader-store.ts'
import { ping } from './queries/ping.ts'
import { taskSettler } from './settle.ts'
import { taskStore } from './task-store.ts'
import { queuedTeller } from './tell-queued.ts'
import { workStore } from './work-store.ts'

export interface StorageDeps {
  /** Migrated. */
  readonly db: Database
  /** A replica of it, for lists that may be a moment old; what serves a write or follows one is read from `db`. */
  readonly readDb?: Database
  readonly events: Events
  /** How long finished tasks are kept that do not say so themselves. */
  readonly retentionMs: number
  /** Called after the commit with tasks that have just become queued, for whoever tells a broker. Must not wait. */
  readonly onQueued?: (dispatches: readonly Dispatch[]) => void
}

/** All that is stored, over any Database. */
export function openStorage({ db, readDb = db, events, retentionMs, onQueued }: StorageDeps): Storage {
  const tellQueued = onQueued && queuedTeller(onQueued, events)
  const settleTasks = taskSettler({ db, events, retentionMs, tellQueued })
  return {
    ...taskStore({ db, readDb, events, retentionMs, tellQueued }),
    ...workStore({ db, settleTasks }),
    ...dutyStore({ db, retentionMs, settleTasks, tellQueued }),
    ...fleetStore({ db, readDb }),
    ...leaderStore(db),
    ...keyStore(db),
    async ping() {
      await db.run(ping, [])
    },
  }
}
