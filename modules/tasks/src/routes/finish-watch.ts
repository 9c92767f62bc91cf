import type { Clock, Wakeups } from '@taskflow/kernel'
import type { TaskId } from '../domain/task.ts'
import type { TaskStore } from '../ports/task-store.ts'

interface Deps {
  readonly storage: Pick<TaskStore, 'findFinishedTasks'>
  readonly wakeups: Wakeups
  readonly clock: Clock
}

// The first query comes soon, because most waits are for short tasks. Each query that finds nothing doubles the pause.
const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 500
// Limits the queries during a storm of wake-ups to 200 a second.
const SHORTEST_PAUSE_MS = 5

/**
 * Waits for tasks to finish, for all callers of this process together: one query finds all awaited tasks that have
 * finished. It runs after each wake-up `finished` and, because wake-ups may be lost, after a growing pause. It does not run
 * while no caller waits.
 */
export class FinishWatch {
  readonly #deps: Deps
  readonly #waiting = new Map<TaskId, Set<Waiter>>()
  #isClosed = false
  #isWatching = false
  #isNotified = false
  #pauseMs = FIRST_PAUSE_MS
  #endPause: (() => void) | undefined
  #stopListening: Promise<() => Promise<void>> | undefined

  constructor(deps: Deps) {
    this.#deps = deps
  }

  /** Resolves when the task has finished, the time is up or the signal aborts. Throws when the database is unavailable. */
  async wait(id: TaskId, ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isClosed) return
    const settled = new AbortController()
    let failure: unknown
    const waiter: Waiter = (error) => {
      failure = error
      settled.abort()
    }
    this.#add(id, waiter)
    await this.#deps.clock.sleep(ms, AbortSignal.any([signal, settled.signal]))
    this.#remove(id, waiter)
    if (failure !== undefined) throw failure
  }

  /** Ends all waits. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#settle([...this.#waiting.keys()])
    this.#wake()
    const stop = await this.#stopListening
    await stop?.()
  }

  #add(id: TaskId, waiter: Waiter): void {
    const waiters = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, waiters.add(waiter))
    this.#wake()
    if (!this.#isWatching) void this.#watch()
  }

  #remove(id: TaskId, waiter: Waiter): void {
    const waiters = this.#waiting.get(id)
    waiters?.delete(waiter)
    if (waiters?.size === 0) this.#waiting.delete(id)
  }

  #settle(ids: readonly TaskId[], error?: unknown): void {
    for (const id of ids) for (const waiter of this.#waiting.get(id) ?? []) waiter(error)
  }

  #wake(): void {
    this.#isNotified = true
    this.#pauseMs = FIRST_PAUSE_MS
    this.#endPause?.()
  }

  async #watch(): Promise<void> {
    this.#isWatching = true
    this.#listen()
    while (this.#waiting.size > 0 && !this.#isClosed) {
      this.#isNotified = false
      await this.#query([...this.#waiting.keys()])
      await this.#deps.clock.sleep(SHORTEST_PAUSE_MS)
      if (!this.#isNotified) await this.#pause()
    }
    this.#isWatching = false
  }

  async #query(ids: readonly TaskId[]): Promise<void> {
    try {
      this.#settle(await this.#deps.storage.findFinishedTasks(ids))
    } catch (error) {
      this.#settle(ids, error)
    }
  }

  async #pause(): Promise<void> {
    const pause = new AbortController()
    this.#endPause = () => pause.abort()
    await this.#deps.clock.sleep(this.#pauseMs, pause.signal)
    this.#endPause = undefined
    if (!this.#isNotified) this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS)
  }

  /**
   * Subscribes once for the life of the process: subscribing for each wait would cost more than the wake-ups. After a
   * failure, the next watch tries again; until then, the pauses suffice.
   */
  #listen(): void {
    this.#stopListening ??= this.#deps.wakeups
      .on('finished', () => this.#wake())
      .catch(() => {
        this.#stopListening = undefined
        return async () => undefined
      })
  }
}

type Waiter = (error?: unknown) => void
