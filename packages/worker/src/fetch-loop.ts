import type { WorkStore } from '@taskflow/fleet'
import type { Clock, Events, Ids } from '@taskflow/kernel'
import type { Broker, ClaimRequest, Delivery, Lease, WorkerId } from '@taskflow/tasks'
import { growingPause } from './keep-trying.ts'
import { pace } from './pace.ts'
import type { Settler } from './settler.ts'
import type { Slots } from './slots.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'claimTasks'>
  readonly broker: Pick<Broker, 'take'>
  readonly clock: Clock
  readonly ids: Ids
  readonly events: Events
  readonly slots: Slots
  readonly settler: Pick<Settler, 'pending' | 'change'>
  readonly project: string
  readonly types: readonly string[]
  /** The queues of the next take, in the order in which they are served where it is drawn. */
  nextQueues(): { readonly queues: readonly string[]; readonly isDrawn: boolean }
  /** The id to claim under, while this worker is registered and has a runner. */
  welcomedAs(): WorkerId | undefined
  whenWelcome(signal: AbortSignal): Promise<void>
  onClaimed(leases: readonly Lease[], workerId: WorkerId): void
  /** They came when nobody waited for them any more, so nobody here has room for them. */
  onClaimedLate(leases: readonly Lease[], workerId: WorkerId): void
  /** Nobody knows what the claim took. */
  onClaimFailed(): void
  onError(error: unknown): void
}

// How long one take may wait: also how stale `sinceFetchMs` of a healthy idle worker may be.
const WAIT_MS = 2_000
// What takes longer has lost its way: a take waits for WAIT_MS, and broker and database give up before.
const STALL_MS = WAIT_MS + 8_000
// A process that was frozen finds its timers due before it has read what arrived meanwhile.
const LAST_LOOK_MS = 50
// Attempts that ended give their slot back before they are settled; this bounds how far settling may lag behind.
const UNSETTLED_FOR_EACH = 2

const release = (delivery: Delivery): Promise<void> => delivery.release()

/** The loop from one start to its end. */
interface Run {
  readonly ending: AbortController
  /** Since when it waits for the broker or the database. */
  waitsSince: number | undefined
  /** Neither acknowledged nor released yet. */
  delivery: Delivery | undefined
  isGivenUp: boolean
}

/**
 * Fills free slots: as soon as there is one, and whether or not what left it is settled yet. Where tasks pass so fast
 * that slots would stand empty while a claim is under way, it claims ahead by their pace.
 *
 * It watches itself, for a call whose answer is lost would end it without a word. A run that does not come back from
 * the broker or the database is given up and followed by another. What it still brings is let go of: a delivery
 * is released, and leases are handed back, as by then storage may have been told to take them back unseen.
 */
export interface FetchLoop {
  /** Does nothing while it runs, and after the stop. */
  start(): void
  /** Until it is started again it takes nothing; what a claim under way brings is still run. */
  rest(): void
  /** Resolves when no claim is under way, or none that anybody waits for, and none will follow. */
  stop(): Promise<void>
  /** The number of the claim under way. */
  readonly claimUnderWay: number | undefined
  /** Since it last looked for tasks with success, in milliseconds; none while it rightly rests. */
  sinceFetchMs(): number
}

export function fetchLoop(deps: Deps): FetchLoop {
  const { storage, broker, clock, ids, events, slots, settler, project, types, onError } = deps
  const { nextQueues, welcomedAs, whenWelcome, onClaimed, onClaimedLate, onClaimFailed } = deps
  let latest: Run | undefined
  let isOn = false
  let isStopped = false
  let isFull = false
  let fetchedAt = clock.monotonicMs()
  let lastClaim = 0
  const passing = pace({ clock, ended: () => slots.ended })
  let claimUnderWay: number | undefined
  let ended: Promise<void> = Promise.resolve()

  function begin(): void {
    const run: Run = { ending: new AbortController(), waitsSince: undefined, delivery: undefined, isGivenUp: false }
    latest = run
    // After the one before, so that two never claim for the same slots.
    ended = ended.then(() => attend(run))
  }

  /** Resolves when the run has ended or was given up. */
  async function attend(run: Run): Promise<void> {
    const over = new AbortController()
    void loop(run).finally(() => over.abort())
    while (!over.signal.aborted) {
      const { waitsSince = clock.monotonicMs() } = run
      const patienceMs = STALL_MS - LAST_LOOK_MS - (clock.monotonicMs() - waitsSince)
      await clock.sleep(Math.max(patienceMs, LAST_LOOK_MS), over.signal)
      if (patienceMs <= 0 && run.waitsSince === waitsSince) return giveUp(run, waitsSince)
    }
  }

  function giveUp(run: Run, waitsSince: number): void {
    run.isGivenUp = true
    run.ending.abort()
    claimUnderWay = undefined
    events.emit('fetch.stalled', { sinceMs: Math.round(clock.monotonicMs() - waitsSince) })
    onClaimFailed()
    void conclude(run, release)
    if (isOn && run === latest) begin()
  }

  async function loop(run: Run): Promise<void> {
    const { signal } = run.ending
    const pause = growingPause()
    while (!signal.aborted) {
      try {
        await round(run)
        pause.reset()
        if (!run.isGivenUp) fetchedAt = clock.monotonicMs()
      } catch (error) {
        if (!signal.aborted) onError(error)
        await clock.sleep(pause.next(), signal)
      }
    }
  }

  async function round(run: Run): Promise<void> {
    const { signal } = run.ending
    await whenRoom(signal)
    await whenWelcome(signal)
    const max = room()
    if (signal.aborted || max <= 0) return
    const from = nextQueues()
    run.delivery = await answerOf(run, broker.take({ project, ...from, types, max, waitMs: WAIT_MS, signal }))
    if (run.delivery === undefined) return
    // Looked at now and not before: during the wait this worker may have been declared dead.
    const workerId = welcomedAs()
    if (signal.aborted || workerId === undefined) return conclude(run, release)
    const { tasks } = run.delivery
    await claim(run, { claimId: ids.next(), workerId, ...from, types, max, ...(tasks !== 'any' && { ids: tasks }) })
  }

  async function claim(run: Run, request: ClaimRequest): Promise<void> {
    let claimed: number
    try {
      claimed = await lease(run, request)
    } catch (error) {
      onClaimFailed()
      await conclude(run, release)
      throw error
    }
    await conclude(run, (delivery) => delivery.acknowledge(claimed))
  }

  async function lease(run: Run, request: ClaimRequest): Promise<number> {
    const number = ++lastClaim
    claimUnderWay = number
    const beganAt = clock.monotonicMs()
    try {
      const leases = await answerOf(run, storage.claimTasks(request))
      passing.onClaimed({
        tookMs: clock.monotonicMs() - beganAt,
        wasFull: leases.length >= request.max,
        wasStarved: slots.size === 0,
      })
      if (leases.length === 0) return 0
      if (run.isGivenUp) onClaimedLate(leases, request.workerId)
      else onClaimed(leases, request.workerId)
      tell(leases)
      return leases.length
    } finally {
      if (claimUnderWay === number) claimUnderWay = undefined
    }
  }

  /** Says once what became of the delivery. The claim stands or falls without it. */
  async function conclude(run: Run, say: (delivery: Delivery) => Promise<void>): Promise<void> {
    const { delivery } = run
    run.delivery = undefined
    if (delivery) await answerOf(run, say(delivery)).catch(onError)
  }

  async function answerOf<Answer>(run: Run, call: Promise<Answer>): Promise<Answer> {
    run.waitsSince = clock.monotonicMs()
    try {
      return await call
    } finally {
      run.waitsSince = undefined
    }
  }

  const room = (): number => slots.count + passing.ahead - slots.size

  async function whenRoom(signal: AbortSignal): Promise<void> {
    // Of those held ahead half may go first: they last for as long as a claim takes, and claims of a few cost most by the row.
    while (room() <= passing.ahead / 2 && !signal.aborted) {
      isFull = true
      await slots.change.rung()
      fetchedAt = clock.monotonicMs()
    }
    isFull = false
    const bound = UNSETTLED_FOR_EACH * (slots.count + passing.ahead)
    while (settler.pending > bound && !signal.aborted) await settler.change.rung()
  }

  function tell(leases: readonly Lease[]): void {
    for (const [queue, claimed] of Map.groupBy(leases, (lease) => lease.queue))
      events.emit('tasks.claimed', { queue, waitedMs: claimed.map(({ waitedMs }) => waitedMs) })
  }

  function rest(): void {
    isOn = false
    latest?.ending.abort()
    slots.change.ring()
    settler.change.ring()
  }

  return {
    start() {
      if (isOn || isStopped) return
      isOn = true
      fetchedAt = clock.monotonicMs()
      begin()
    },
    rest,
    stop() {
      isStopped = true
      rest()
      return ended
    },
    get claimUnderWay() {
      return claimUnderWay
    },
    sinceFetchMs: () => (isOn && !isFull ? clock.monotonicMs() - fetchedAt : 0),
  }
}
