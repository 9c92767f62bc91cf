import type { WorkStore } from '@taskflow/fleet'
import type { Clock, Events } from '@taskflow/kernel'
import type { ClaimRequest, Lease, TaskTypeDefaults } from '@taskflow/tasks'
import type { Slots } from '../attempts/slots.ts'
import type { ClaimedLeases } from './claimed-leases.ts'
import type { FetchRun } from './fetch-run.ts'
import type { Prefetch } from './prefetch.ts'

interface Deps {
  readonly storage: Pick<WorkStore, 'claimTasks'>
  /** The types that the worker has loaded. */
  readonly types: readonly Pick<TaskTypeDefaults, 'type' | 'maxAttempts'>[]
  readonly slots: Pick<Slots, 'size'>
  readonly leases: Pick<ClaimedLeases, 'accept' | 'release'>
  readonly prefetch: Pick<Prefetch, 'onClaimed'>
  readonly clock: Clock
  readonly events: Events
}

/**
 * Claims tasks and passes their leases on. Leases that arrive after the run was abandoned are released: storage may
 * have been asked to release them as leaked leases by then.
 */
export class Claimer {
  readonly #deps: Deps
  #last = 0
  #underWay: number | undefined
  readonly #maxAttempts: Pick<ClaimRequest, 'maxAttempts'>
  #failures = 0

  constructor(deps: Deps) {
    this.#deps = deps
    this.#maxAttempts = maxAttemptsOf(deps.types)
  }

  /** The number of the claim under way. */
  get underWay(): number | undefined {
    return this.#underWay
  }

  /** The number of claims so far that may have taken leases which this worker does not know of. */
  get failures(): number {
    return this.#failures
  }

  /** Waits no longer for the claim under way. */
  abandon(): void {
    this.#underWay = undefined
    this.#failures++
  }

  /** Resolves with the number of claimed tasks. */
  async claim(run: FetchRun, request: ClaimRequest): Promise<number> {
    const { storage, clock } = this.#deps
    const number = ++this.#last
    this.#underWay = number
    const startedAt = clock.monotonicMs()
    try {
      const leases = await run.answerOf(storage.claimTasks({ ...request, ...this.#maxAttempts }))
      this.#pass(leases, run, request, clock.monotonicMs() - startedAt)
      return leases.length
    } catch (error) {
      this.#failures++
      throw error
    } finally {
      if (this.#underWay === number) this.#underWay = undefined
    }
  }

  #pass(leases: readonly Lease[], run: FetchRun, { max, workerId }: ClaimRequest, tookMs: number): void {
    const { prefetch, slots } = this.#deps
    prefetch.onClaimed({ tookMs, wasFull: leases.length >= max, wasIdle: slots.size === 0 })
    if (leases.length === 0) return
    if (run.isAbandoned) this.#deps.leases.release(leases, workerId)
    else this.#deps.leases.accept(leases, workerId)
    for (const [queue, claimed] of Map.groupBy(leases, (lease) => lease.queue))
      this.#deps.events.emit('tasks.claimed', { queue, waitedMs: claimed.map(({ waitedMs }) => waitedMs) })
  }
}

function maxAttemptsOf(types: Deps['types']): Pick<ClaimRequest, 'maxAttempts'> {
  const own = types.filter(({ maxAttempts }) => maxAttempts !== null)
  if (own.length === 0) return {}
  return { maxAttempts: JSON.stringify(Object.fromEntries(own.map(({ type, maxAttempts }) => [type, maxAttempts]))) }
}
