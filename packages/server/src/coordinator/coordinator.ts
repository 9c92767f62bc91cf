import type { Broker, DutyStore, Service, Wakeups } from '@taskflow/core'
import type { DutyDeps } from './duty.ts'
import type { Elector } from './elector.ts'
import { expirer } from './expirer.ts'
import { lookout } from './lookout.ts'
import { promoter, promoteWhenDue } from './promoter.ts'
import { queueCounter } from './queue-counter.ts'
import { reconciler, reconcileWhenReturned } from './reconciler.ts'
import { rescuer } from './rescuer.ts'
import { retention } from './retention.ts'
import { vacuum } from './vacuum.ts'

interface Deps extends DutyDeps {
  readonly storage: DutyStore
  readonly broker: Broker
  readonly wakeups: Wakeups
  readonly elector: Elector
}

/**
 * The duties that one process does for all, while it leads. Each has its own loop, interval and metric.
 *
 * When it stops, the leadership is given back once the duties have ended, so that no standby begins what is not ended. A duty
 * that is in the middle of something long is not waited for, as it is safe when a second one begins.
 */
export function coordinator({ storage, broker, wakeups, elector, clock, events }: Deps): Service {
  const deps = { storage, clock, events, isLeading: () => elector.isLeading }
  const promoting = promoter(deps)
  const reconciling = reconciler({ ...deps, broker })
  const rescuing = rescuer(deps)
  const expiring = expirer(deps)
  const duties = [
    lookout({ ...deps, promoter: promoting, expirer: expiring, rescuer: rescuing }),
    promoting,
    rescuing,
    reconciling,
    expiring,
    queueCounter(deps),
    retention(deps),
    vacuum(deps),
  ]
  let stopListening: (() => Promise<void>) | undefined
  let following: Promise<unknown> = Promise.resolve()

  /** However fast leadership changes, each duty ends as it was told last: a start waits for the stop before it. */
  async function follow(isLeader: boolean): Promise<void> {
    following = Promise.all(duties.map((each) => (isLeader ? each.start() : each.stop())))
    await following
  }

  // Starts and stops are done one after the other, in the order they were asked for.
  let turn: Promise<unknown> = Promise.resolve()
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = turn.then(work)
    turn = done.catch(() => {})
    return done
  }

  return {
    name: 'coordinator',
    start: () =>
      inTurn(async () => {
        if (stopListening) return
        const stopPromoting = await promoteWhenDue(promoting, wakeups)
        const stopReconciling = reconcileWhenReturned(reconciling, events)
        // The first call to a broker begins to watch it: a standby should know of its loss too, and says so itself.
        broker.ping().catch(() => {})
        stopListening = async () => {
          stopReconciling()
          await stopPromoting()
        }
        await elector.start(follow)
      }),
    stop: () =>
      inTurn(async () => {
        if (!stopListening) return
        await elector.stop()
        await following
        await stopListening()
        stopListening = undefined
      }),
  }
}
