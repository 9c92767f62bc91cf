import type { WorkStore } from '@taskflow/fleet'
import type { HeldLease, LeaseId, WorkerId } from '@taskflow/tasks'
import type { Settler } from '../attempts/settler.ts'
import type { Slots } from '../attempts/slots.ts'
import type { Log } from '../log.ts'
import type { Claimer } from './claimer.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'listHeldLeases' | 'settleTasks'>
  readonly log: Log
  readonly slots: Pick<Slots, 'holds'>
  readonly settler: Pick<Settler, 'isSettling'>
  readonly claimer: Pick<Claimer, 'underWay' | 'failures'>
  onError(error: unknown): void
}

// For leaks that no failed claim announces.
const CHECK_EVERY_HEARTBEATS = 30
// A database session whose connection broke may still commit its claim, a little later.
const HEARTBEATS_IN_DOUBT = 10

/**
 * Releases leaked leases: storage counts them as this worker's, and this worker does not know them. A lease leaks when
 * a claim commits and its answer is lost with the connection. Nobody else would take such a task, because the rescuer
 * rescues the tasks of lost workers only (P2).
 *
 * A lease is released when it is found missing twice in a row. A lease that was settled while the list was under way
 * is not in the second list, and a lease that a claim under way may still bring waits for the end of that claim.
 */
export class LeakedLeases {
  readonly #deps: Deps
  /** The leases found missing at the last check, each with the claim that was under way when it was found first. */
  #suspects: ReadonlyMap<LeaseId, number | undefined> = new Map()
  #failuresSeen: number
  #heartbeats = 0
  #heartbeatsInDoubt = 0
  #isChecking = false

  constructor(deps: Deps) {
    this.#deps = deps
    this.#failuresSeen = deps.claimer.failures
  }

  /** Called at each heartbeat, with the id under which it was sent. Never rejects. */
  async onHeartbeat(workerId: WorkerId): Promise<void> {
    if (this.#isChecking || !this.#isDue()) return
    this.#isChecking = true
    await this.#check(workerId).catch(this.#deps.onError)
    this.#isChecking = false
  }

  #isDue(): boolean {
    const { failures } = this.#deps.claimer
    if (failures !== this.#failuresSeen) this.#heartbeatsInDoubt = HEARTBEATS_IN_DOUBT
    this.#failuresSeen = failures
    this.#heartbeats++
    return this.#heartbeatsInDoubt-- > 0 || this.#suspects.size > 0 || this.#heartbeats % CHECK_EVERY_HEARTBEATS === 0
  }

  async #check(workerId: WorkerId): Promise<void> {
    const { storage, slots, settler, claimer } = this.#deps
    const held = await storage.listHeldLeases(workerId)
    const missing = held.filter(({ leaseId }) => !slots.holds(leaseId) && !settler.isSettling(leaseId))
    const known = this.#suspects
    const claim = claimer.underWay
    this.#suspects = new Map(
      missing.map(({ leaseId }) => [leaseId, known.has(leaseId) ? known.get(leaseId) : claim] as const),
    )
    const leaked = missing.filter(({ leaseId }) => {
      const claimAtFirst = known.get(leaseId)
      return known.has(leaseId) && (claimAtFirst === undefined || claimAtFirst !== claim)
    })
    await Promise.all(leaked.map((lease) => this.#release(lease)))
  }

  async #release({ taskId, leaseId }: HeldLease): Promise<void> {
    const { storage, log } = this.#deps
    const [result] = await storage.settleTasks([{ taskId, leaseId, verdict: { verb: 'release' } }])
    if (result === 'settled') log.warn({ taskId }, 'Released a task whose claim got no answer')
    if (result === 'cancelled') log.warn({ taskId }, 'Cancelled a task whose claim got no answer, as requested')
  }
}
