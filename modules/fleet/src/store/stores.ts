import type { Database } from '@taskflow/database'
import type { TaskTypeStore } from '@taskflow/tasks'
import type { FleetDutyStore } from '../ports/duty-store.ts'
import type { FleetStore } from '../ports/fleet-store.ts'
import type { WorkerStore } from '../ports/worker-store.ts'
import { fleetDutyStore } from './duty-store.ts'
import { fleetStore } from './fleet-store.ts'
import { workerStore } from './worker-store.ts'

export interface FleetStoresDeps extends Pick<TaskTypeStore, 'registerTaskTypes'> {
  readonly db: Database
  /** A replica of `db`, for lists that may be a moment old. */
  readonly readDb: Database
}

export type FleetStores = FleetStore & WorkerStore & FleetDutyStore

/** Opens the stores of this room. */
export function openFleetStores({ db, readDb, registerTaskTypes }: FleetStoresDeps): FleetStores {
  return {
    ...fleetStore({ db, readDb }),
    ...workerStore({ db, registerTaskTypes }),
    ...fleetDutyStore(db),
  }
}
