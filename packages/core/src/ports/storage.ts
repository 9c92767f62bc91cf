import type { DutyStore } from './duty-store.ts'
import type { FleetStore } from './fleet-store.ts'
import type { KeyStore } from './key-store.ts'
import type { LeaderStore } from './leader-store.ts'
import type { TaskStore } from './task-store.ts'
import type { WorkStore } from './work-store.ts'

/** Everything that is stored, by who needs it. */
export interface Storage extends TaskStore, WorkStore, DutyStore, FleetStore, LeaderStore, KeyStore {
  /** Resolves when the database answers; throws DATABASE_UNAVAILABLE when it does not. */
  ping(): Promise<void>
}
