import type { Elector, Service } from '@taskflow/kernel'
import type { Room } from '@taskflow/room'
import { dutiesOf, type RoomDutyDeps } from '@taskflow/rooms'
import type { Broker } from '@taskflow/tasks'

interface Deps extends Omit<RoomDutyDeps, 'isLeading' | 'wakeDuty' | 'broker'> {
  readonly broker: Pick<Broker, 'depths' | 'publish' | 'ping'>
  readonly elector: Elector
  /** Default: every room of the product. */
  readonly rooms?: readonly Room[]
}

/**
 * Runs the duties of all rooms in the one process that leads. Each duty has its own loop, interval and metric.
 *
 * When the coordinator stops, it resigns once the duties have ended, so that no standby begins a duty that still runs.
 * A duty that is in the middle of a long step is not waited for, since every duty is safe when two processes run it at
 * once.
 */
export function coordinator({ broker, elector, rooms, ...deps }: Deps): Service {
  const duties = dutiesOf({ ...deps, broker, isLeading: () => elector.isLeading, wakeDuty }, rooms)
  let stopWatching: (() => Promise<void>) | undefined
  let following: Promise<unknown> = Promise.resolve()

  function wakeDuty(name: string): void {
    const found = duties.find(({ service }) => service.name === name)
    if (!found) throw new TypeError(`Expected a duty to wake, got ${name}`)
    found.service.wake()
  }

  /** Starts or stops the duties. Leadership may change quickly: a start of a duty waits for the stop before it. */
  async function follow(isLeader: boolean): Promise<void> {
    following = Promise.all(duties.map(({ service }) => (isLeader ? service.start() : service.stop())))
    await following
  }

  async function watchAll(): Promise<() => Promise<void>> {
    const stops = await Promise.all(duties.map(({ service, watch }) => watch?.(() => service.wake())))
    return async () => {
      for (const stop of stops) await stop?.()
    }
  }

  // Starts and stops are done one after the other, in the order in which they were requested.
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
        if (stopWatching) return
        stopWatching = await watchAll()
        // The first call to a broker starts its health check, so that a standby also logs the loss of the broker.
        broker.ping().catch(() => {})
        await elector.start(follow)
      }),
    stop: () =>
      inTurn(async () => {
        if (!stopWatching) return
        await elector.stop()
        await following
        await stopWatching()
        stopWatching = undefined
      }),
  }
}
