import type { Broker, Clock, Events, Lease, WorkerId, WorkStore } from '@taskflow/core'
import { growingPause } from './keep-trying.ts'
import type { Settler } from './settler.ts'
import type { Slots } from './slots.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'claimTasks'>
  readonly broker: Broker
  readonly clock: Clock
  readonly events: Events
  readonly slots: Slots
  readonly settler: Settler
  readonly project: string
  readonly queues: readonly string[]
  readonly types: readonly string[]
  /** Resolves with the id to claim under, once this worker is registered and has a runner. */
  whenWelcome(signal: AbortSignal): Promise<WorkerId>
  onClaimed(leases: readonly Lease[], workerId: WorkerId): void
  /** Nobody knows what the claim took. */
  onClaimFailed(): void
  onError(error: unknown): void
}

// How long one take may wait: also how stale `sinceFetchMs` of a healthy idle worker may be.
const WAIT_MS = 2_000
// Attempts that ended give their slot back before they are settled; this bounds how far settling may lag behind.
const UNSETTLED_PER_SLOT = 4

export interface FetchLoop {
  start(): void
  /** Resolves when no claim is under way and none will follow. */
  stop(): Promise<void>
  /** The number of the claim under way. */
  readonly claimUnderWay: number | undefined
  /** Since it last went round, in milliseconds; none while all slots are taken, for then it rightly rests. */
  sinceRoundMs(): number
}

/** Fills free slots: as soon as there is one, and whether or not what left it is settled yet. */
export function fetchLoop(deps: Deps): FetchLoop {
  const { storage, broker, clock, events, slots, settler, project, queues, types, whenWelcome, onError } = deps
  const { onClaimed, onClaimFailed } = deps
  const stopping = new AbortController()
  const { signal } = stopping
  const pause = growingPause()
  let roundAt = clock.monotonicMs()
  let isResting = false
  let lastClaim = 0
  let claimUnderWay: number | undefined
  let finished: Promise<void> = Promise.resolve()

  async function loop(): Promise<void> {
    while (!signal.aborted) {
      try {
        await round()
        pause.reset()
      } catch (error) {
        if (!signal.aborted) onError(error)
        await clock.sleep(pause.next(), signal)
      }
    }
  }

  async function round(): Promise<void> {
    await whenRoom()
    roundAt = clock.monotonicMs()
    const max = slots.free
    if (signal.aborted || max === 0) return
    const delivery = await broker.take({ project, queues, isDrawn: false, types, max, waitMs: WAIT_MS, signal })
    if (!delivery || signal.aborted) return
    // Asked for now and not before: during the wait this worker may have been declared dead.
    const workerId = await whenWelcome(signal)
    if (signal.aborted) return
    await delivery.acknowledge(await claim(workerId, max))
  }

  async function claim(workerId: WorkerId, max: number): Promise<number> {
    claimUnderWay = ++lastClaim
    try {
      const leases = await storage.claimTasks({ workerId, queues, types, max })
      if (leases.length > 0) {
        onClaimed(leases, workerId)
        tell(leases)
      }
      return leases.length
    } catch (error) {
      onClaimFailed()
      throw error
    } finally {
      claimUnderWay = undefined
    }
  }

  async function whenRoom(): Promise<void> {
    isResting = true
    while (slots.free <= 0 && !signal.aborted) await slots.change.rung()
    isResting = false
    const bound = UNSETTLED_PER_SLOT * (slots.free + slots.size)
    while (settler.pending > bound && !signal.aborted) await settler.change.rung()
  }

  function tell(leases: readonly Lease[]): void {
    for (const [queue, claimed] of Map.groupBy(leases, (lease) => lease.queue))
      events.emit('tasks.claimed', { queue, count: claimed.length, waitedMs: claimed.map(({ waitedMs }) => waitedMs) })
  }

  return {
    start() {
      finished = loop()
    },
    stop() {
      stopping.abort()
      slots.change.ring()
      settler.change.ring()
      return finished
    },
    get claimUnderWay() {
      return claimUnderWay
    },
    sinceRoundMs: () => (isResting ? 0 : clock.monotonicMs() - roundAt),
  }
}
