import type { Room } from '@taskflow/room'
import { type FleetDutyDeps, fleetDuties } from './duties/index.ts'
import { FLEET_ERRORS } from './errors.ts'
import './events.ts'
import { fleetLogLines } from './log-lines.ts'
import { fleetMetrics } from './metrics.ts'
import { FLEET_PERMISSIONS } from './permissions.ts'
import type { FleetRouteDeps } from './routes/index.ts'
import { clearFleetRows } from './statements/clear-fleet-rows.ts'
import { type FleetStores, type FleetStoresDeps, openFleetStores } from './store/stores.ts'

/** Registers and observes workers, counts queues, sends requests to workers, and rescues the tasks of lost workers. */
export const fleetRoom = {
  name: 'fleet',
  errors: FLEET_ERRORS,
  permissions: FLEET_PERMISSIONS,
  metrics: fleetMetrics,
  logLines: fleetLogLines,
  stores: openFleetStores,
  sweeps: [clearFleetRows],
  routes: async () => (await import('./routes/index.ts')).fleetRoutes,
  duties: fleetDuties,
  promises: {
    P4: 'Tasks of a lost worker are back in their queue within 10 s; a task of a live worker is never taken',
    P11: 'A task that kills its worker three times is quarantined',
    P12: 'A planned stop costs no task an attempt',
  },
} as const satisfies Room<FleetStoresDeps, FleetStores, FleetRouteDeps, FleetDutyDeps>
