import type { DutyStore, Service, Wakeups } from '@taskflow/core'
import type { DutyDeps } from './duty.ts'
import type { Elector } from './elector.ts'
import { expirer } from './expirer.ts'
import { promoter, promoteWhenDue } from './promoter.ts'
import { queueCounter } from './queue-counter.ts'
import { rescuer } from './rescuer.ts'
import { retention } from './retention.ts'
import { vacuum } from './vacuum.ts'

interface Deps extends DutyDeps {
  readonly storage: DutyStore
  readonly wakeups: Wakeups
  readonly elector: Elector
}

/** The duties that one process does for all, while it leads. Each has its own loop, interval and metric. */
export function coordinator({ storage, wakeups, elector, clock, events }: Deps): Service {
  const deps = { storage, clock, events }
  const promoting = promoter(deps)
  const duties = [promoting, rescuer(deps), expirer(deps), queueCounter(deps), retention(deps), vacuum(deps)]
  let stopListening: (() => Promise<void>) | undefined
  // Changes of leadership are followed one after the other, however fast they come.
  let following: Promise<unknown> = Promise.resolve()

  function follow(isLeader: boolean): void {
    following = following.then(() => Promise.all(duties.map((each) => (isLeader ? each.start() : each.stop()))))
  }

  // Starts and stops are done one after the other too, in the order they were asked for.
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
        stopListening = await promoteWhenDue(promoting, wakeups)
        await elector.start(follow)
        await following
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
