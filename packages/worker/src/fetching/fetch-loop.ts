import type { Clock, Events, Ids } from '@taskflow/kernel'
import type { Broker, ClaimRequest } from '@taskflow/tasks'
import type { Settler } from '../attempts/settler.ts'
import type { Slots } from '../attempts/slots.ts'
import { growingPause } from '../growing-pause.ts'
import type { ClaimPermission } from './claim-permission.ts'
import type { Claimer } from './claimer.ts'
import { FetchRun, TAKE_WAIT_MS } from './fetch-run.ts'
import type { Prefetch } from './prefetch.ts'
import type { QueueChoice } from './queue-choice.ts'

interface Deps {
  readonly broker: Pick<Broker, 'take'>
  readonly claimer: Pick<Claimer, 'claim' | 'abandon'>
  readonly permission: ClaimPermission
  readonly slots: Pick<Slots, 'count' | 'size' | 'change'>
  readonly settler: Pick<Settler, 'pending' | 'change'>
  readonly prefetch: Pick<Prefetch, 'size'>
  readonly clock: Clock
  readonly ids: Ids
  readonly events: Events
  readonly project: string
  /** Called for each take. */
  nextQueues(): QueueChoice
  onError(error: unknown): void
}

// An attempt that has ended leaves its slot before it is settled; this bounds the ends that wait for the database.
const UNSETTLED_PER_SLOT = 2

/**
 * Fills free slots: takes a delivery from the broker as soon as a slot is free, and claims its tasks. Where tasks end
 * so fast that slots would stay empty during a claim, it claims more tasks than there are slots (`prefetch.ts`).
 *
 * The loop watches itself, because a call whose answer is lost would otherwise stop the loop silently. A run whose call
 * to the broker or the database is overdue is abandoned, and another run follows. A delivery or leases that an abandoned
 * run still receives are released.
 */
export class FetchLoop {
  readonly #deps: Deps
  #latest: FetchRun | undefined
  #isOn = false
  #isStopped = false
  #isFull = false
  #fetchedAt: number
  #ended: Promise<void> = Promise.resolve()

  constructor(deps: Deps) {
    this.#deps = deps
    this.#fetchedAt = deps.clock.monotonicMs()
  }

  /** Does nothing while the loop runs, and after `stop`. */
  start(): void {
    if (this.#isOn || this.#isStopped) return
    this.#isOn = true
    this.#fetchedAt = this.#deps.clock.monotonicMs()
    this.#begin()
  }

  /** Takes nothing more until the next start; the tasks of a claim under way still run. */
  pause(): void {
    this.#isOn = false
    this.#latest?.end()
    this.#deps.slots.change.notify()
    this.#deps.settler.change.notify()
  }

  /** Resolves when no claim is under way, except of abandoned runs, and none will follow. */
  stop(): Promise<void> {
    this.#isStopped = true
    this.pause()
    return this.#ended
  }

  /** Milliseconds since the last successful round; 0 while the worker is full or the loop is paused. */
  sinceFetchMs(): number {
    return this.#isOn && !this.#isFull ? this.#deps.clock.monotonicMs() - this.#fetchedAt : 0
  }

  #begin(): void {
    const run = new FetchRun(this.#deps)
    this.#latest = run
    // After the previous run, so that two runs never claim for the same slots.
    this.#ended = this.#ended.then(() => this.#attend(run))
  }

  /** Resolves when the run has ended or was abandoned. */
  async #attend(run: FetchRun): Promise<void> {
    const over = new AbortController()
    void this.#loop(run).finally(() => over.abort())
    const stalledSince = await run.untilStalled(over.signal)
    if (stalledSince !== undefined) this.#abandon(run, stalledSince)
  }

  #abandon(run: FetchRun, stalledSince: number): void {
    const { clock, events, claimer } = this.#deps
    run.abandon()
    claimer.abandon()
    events.emit('fetch.stalled', { sinceMs: Math.round(clock.monotonicMs() - stalledSince) })
    void run.release()
    if (this.#isOn && run === this.#latest) this.#begin()
  }

  async #loop(run: FetchRun): Promise<void> {
    const { clock, onError } = this.#deps
    const { signal } = run
    const pause = growingPause()
    while (!signal.aborted) {
      try {
        await this.#round(run)
        pause.reset()
        if (!run.isAbandoned) this.#fetchedAt = clock.monotonicMs()
      } catch (error) {
        if (!signal.aborted) onError(error)
        await clock.sleep(pause.next(), signal)
      }
    }
  }

  async #round(run: FetchRun): Promise<void> {
    const { broker, permission, ids, project, nextQueues } = this.#deps
    const { signal } = run
    await this.#whenRoom(signal)
    await permission.whenGranted(signal)
    const max = this.#room()
    if (signal.aborted || max <= 0) return
    const from = nextQueues()
    const { types } = permission
    run.delivery = await run.answerOf(broker.take({ project, ...from, types, max, waitMs: TAKE_WAIT_MS, signal }))
    if (run.delivery === undefined) return
    // Read after the take: while the take waited, this worker may have been marked lost, or its runner blocked.
    const { workerId } = permission
    if (signal.aborted || workerId === undefined || permission.types !== types) return run.release()
    const { tasks } = run.delivery
    await this.#claim(run, {
      claimId: ids.next(),
      workerId,
      ...from,
      types,
      max,
      ...(tasks !== 'any' && { ids: tasks }),
    })
  }

  async #claim(run: FetchRun, request: ClaimRequest): Promise<void> {
    let claimed: number
    try {
      claimed = await this.#deps.claimer.claim(run, request)
    } catch (error) {
      await run.release()
      throw error
    }
    await run.acknowledge(claimed)
  }

  #room(): number {
    const { slots, prefetch } = this.#deps
    return slots.count + prefetch.size - slots.size
  }

  async #whenRoom(signal: AbortSignal): Promise<void> {
    const { slots, settler, prefetch, clock } = this.#deps
    // Half of the prefetched tasks start before the next claim: they last for as long as a claim takes, and a claim of
    // few tasks costs the most by the row.
    while (this.#room() <= prefetch.size / 2 && !signal.aborted) {
      this.#isFull = true
      await slots.change.next()
      this.#fetchedAt = clock.monotonicMs()
    }
    this.#isFull = false
    const bound = UNSETTLED_PER_SLOT * (slots.count + prefetch.size)
    while (settler.pending > bound && !signal.aborted) await settler.change.next()
  }
}
