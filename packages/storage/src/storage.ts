import type { Database, Events, Storage } from '@taskflow/core'
import { dutyStore } from './duty-store.ts'
import { fleetStore } from './fleet-store.ts'
import { keyStore } from './key-store.ts'
import { leaderStore } from './leader-store.ts'
import { ping } from './queries/ping.ts'
import { taskSettler } from './settle.ts'
import { taskStore } from './task-store.ts'
import { workStore } from './work-store.ts'

export interface StorageDeps {
  /** Migrated. */
  readonly db: Database
  readonly events: Events
  /** How long finished tasks are kept that do not say so themselves. */
  readonly retentionMs: number
}

/** All that is stored, over any Database. */
export function openStorage({ db, events, retentionMs }: StorageDeps): Storage {
  const settleTask = taskSettler({ db, events, retentionMs })
  return {
    ...taskStore({ db, events, retentionMs }),
    ...workStore({ db, settleTask }),
    ...dutyStore({ db, retentionMs, settleTask }),
    ...fleetStore(db),
    ...leaderStore(db),
    ...keyStore(db),
    async ping() {
      await db.run(ping, [])
    },
  }
}
