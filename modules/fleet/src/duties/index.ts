import type { Duty, DutyDeps } from '@taskflow/kernel'
import type { FleetDutyStorage } from '../ports/duty-store.ts'
import { dutyPoller } from './duty-poller.ts'
import { queueCounter } from './queue-counter.ts'
import { rescuer } from './rescuer.ts'

export { queueCounter, rescuer }

export interface FleetDutyDeps extends DutyDeps {
  readonly storage: FleetDutyStorage
  /** Wakes the duty of this name, in any room. */
  wakeDuty(name: string): void
}

/** Creates the duties of this room. */
export const fleetDuties = ({ wakeDuty, ...deps }: FleetDutyDeps): readonly Duty[] => [
  { service: dutyPoller({ ...deps, wakeDuty }) },
  { service: rescuer(deps) },
  { service: queueCounter(deps) },
]
