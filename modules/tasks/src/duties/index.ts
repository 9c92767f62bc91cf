import type { Duty, DutyDeps, Wakeups } from '@taskflow/kernel'
import type { Broker } from '../dispatch/broker.ts'
import type { TaskDutyStore } from '../ports/duty-store.ts'
import { expirer } from './expirer.ts'
import { gateSweeper } from './gate-sweeper.ts'
import { promoter } from './promoter.ts'
import { reconciler, reconcileWhenReturned } from './reconciler.ts'
import { retention } from './retention.ts'
import { vacuum } from './vacuum.ts'

export { expirer, gateSweeper, promoter, retention, vacuum }

export interface TaskDutyDeps extends DutyDeps {
  readonly storage: TaskDutyStore
  readonly broker: Pick<Broker, 'depths' | 'publish'>
  readonly wakeups: Wakeups
}

/** Creates the duties of this room. */
export const taskDuties = ({ broker, wakeups, ...deps }: TaskDutyDeps): readonly Duty[] => [
  // Sleeps until the next task is due; storing a task that is due earlier wakes it.
  { service: promoter(deps), watch: (wake) => wakeups.on('due', wake) },
  { service: expirer(deps) },
  { service: gateSweeper(deps) },
  { service: reconciler({ ...deps, broker }), watch: (wake) => reconcileWhenReturned(wake, deps.events) },
  { service: retention(deps) },
  { service: vacuum(deps) },
]
