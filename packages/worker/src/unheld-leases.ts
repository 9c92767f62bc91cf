import type { WorkStore } from '@taskflow/fleet'
import type { HeldLease, LeaseId, WorkerId } from '@taskflow/tasks'
import type { Log } from './log.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'listHeldLeases' | 'settleTasks'>
  readonly log: Log
  /** Whether this process knows of the lease: its attempt runs, or is being settled. */
  isInHand(leaseId: LeaseId): boolean
  /** The number of the claim under way, which may bring the lease any moment. */
  claimUnderWay(): number | undefined
  onError(error: unknown): void
}

// A claim that throws is looked after at once; this is for what nobody noticed.
const EVERY_BEATS = 30
// A backend whose connection broke may commit its claim a little later.
const BEATS_IN_DOUBT = 10

/**
 * Hands back leases that storage counts as this worker's and of which the worker
 * knows nothing: a claim commits, and then its reply is lost with the connection.
 * Nobody else would ever take them, for the rescuer rescues from the dead alone,
 * and this worker lives (P2).
 *
 * A lease is handed back at its second sighting in a row. One that was merely
 * settled while the list was on its way is gone by then; and one that a claim
 * under way has taken waits for the end of that claim.
 */
export interface UnheldLeases {
  /** A claim failed, so that nobody knows what it took. */
  doubt(): void
  /** Called at each heartbeat, under the id it was sent with. Never rejects. */
  onBeat(workerId: WorkerId): Promise<void>
}

export function unheldLeases({ storage, log, isInHand, claimUnderWay, onError }: Deps): UnheldLeases {
  /** With the claim that was under way when each was seen first. */
  let suspects: ReadonlyMap<LeaseId, number | undefined> = new Map()
  let beats = 0
  let doubtfulBeats = 0
  let isLooking = false

  function isDue(): boolean {
    beats++
    return doubtfulBeats-- > 0 || suspects.size > 0 || beats % EVERY_BEATS === 0
  }

  async function look(workerId: WorkerId): Promise<void> {
    const held = await storage.listHeldLeases(workerId)
    const unheld = held.filter(({ leaseId }) => !isInHand(leaseId))
    const known = suspects
    const claim = claimUnderWay()
    suspects = new Map(unheld.map(({ leaseId }) => [leaseId, known.has(leaseId) ? known.get(leaseId) : claim]))
    const strays = unheld.filter(({ leaseId }) => {
      const suspected = known.get(leaseId)
      return known.has(leaseId) && (suspected === undefined || suspected !== claim)
    })
    await Promise.all(strays.map(release))
  }

  async function release({ taskId, leaseId }: HeldLease): Promise<void> {
    const [result] = await storage.settleTasks([{ taskId, leaseId, verdict: { verb: 'release' } }])
    if (result !== 'stale') log.warn({ taskId }, 'Handed back a task that was claimed without an answer')
  }

  return {
    doubt() {
      doubtfulBeats = BEATS_IN_DOUBT
    },
    async onBeat(workerId) {
      if (isLooking || !isDue()) return
      isLooking = true
      await look(workerId).catch(onError)
      isLooking = false
    },
  }
}
