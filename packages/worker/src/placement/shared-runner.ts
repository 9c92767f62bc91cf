import type { Clock } from '@taskflow/kernel'
import { growingPause } from '../growing-pause.ts'
import type { Report, TaskTypeIntroduction } from '../protocol.ts'
import type { RunnerHandle, RunnerListener } from './runner-handle.ts'

// A runner that has lived for this long has not ended because of how its modules start.
const STABLE_AFTER_MS = 10_000
// One task may crash its runner three times before it is quarantined.
const UNSTABLE_AFTER_CRASHES = 4

interface Options {
  readonly clock: Clock
  readonly listener: RunnerListener
  open(listener: RunnerListener): RunnerHandle
  /** Called when a replacement could not load the modules that its predecessor had loaded; loading is tried again. */
  onFailedStart(error: unknown): void
}

/**
 * The thread that all attempts without isolation share. One is ready at any time, or is starting.
 *
 * A runner that crashes soon after its start is replaced after a pause, which grows with each such crash. Its successor
 * must live for as long before it counts as ready: a module whose code fails in the background then takes no task down.
 */
export class SharedRunner implements RunnerListener {
  readonly #options: Options
  readonly #stopping = new AbortController()
  readonly #pause = growingPause()
  #current: RunnerHandle
  #ready = Promise.resolve()
  #isReady = false
  #readyAt = 0
  #startingSince: number
  #crashes = 0

  constructor(options: Options) {
    this.#options = options
    this.#startingSince = options.clock.monotonicMs()
    this.#current = options.open(this)
  }

  /** Resolves with the task types that the runner has loaded. */
  async start(): Promise<readonly TaskTypeIntroduction[]> {
    const types = await this.#current.ready
    this.#becomeReady()
    return types
  }

  get current(): RunnerHandle {
    return this.#current
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** Milliseconds since the runner began to start, or began to crash again and again; 0 while it is ready and stable. */
  get startingMs(): number {
    const isStable = this.#isReady && (this.#crashes < UNSTABLE_AFTER_CRASHES || this.#hasLived())
    return isStable ? 0 : this.#options.clock.monotonicMs() - this.#startingSince
  }

  /** Resolves once the current runner has loaded its modules. */
  whenReady(): Promise<void> {
    return this.#ready
  }

  onSlowLoad(loadingMs: number, runner: RunnerHandle): void {
    this.#options.listener.onSlowLoad(loadingMs, runner)
  }

  onReport(report: Report, runner: RunnerHandle): void {
    this.#options.listener.onReport(report, runner)
  }

  onCrash(reason: string, runner: RunnerHandle): void {
    // A runner that was not ready yet is replaced by the loop that waits for it.
    if (runner === this.#current && this.#isReady) this.#replaceCrashed()
    this.#options.listener.onCrash(reason, runner)
  }

  /** Kills the current runner and starts another at once; the caller ends the attempts of the old one. */
  replace(): void {
    this.#startingSince = this.#options.clock.monotonicMs()
    this.#begin(0)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#current.kill()
  }

  #replaceCrashed(): void {
    if (this.#hasLived()) {
      this.#crashes = 0
      this.#pause.reset()
    }
    if (this.#crashes++ === 0) this.replace()
    else this.#begin(this.#pause.next())
  }

  #hasLived(): boolean {
    return this.#options.clock.monotonicMs() - this.#readyAt >= STABLE_AFTER_MS
  }

  #becomeReady(): void {
    this.#isReady = true
    this.#readyAt = this.#options.clock.monotonicMs()
  }

  #begin(pauseMs: number): void {
    void this.#current.kill()
    if (this.#stopping.signal.aborted) return
    this.#isReady = false
    this.#ready = this.#startAgain(pauseMs)
  }

  /** Resolves when a runner is ready, or at the stop. */
  async #startAgain(firstPauseMs: number): Promise<void> {
    const { signal } = this.#stopping
    const { clock, open } = this.#options
    for (let pauseMs = firstPauseMs; ; pauseMs = this.#pause.next()) {
      if (pauseMs > 0) await clock.sleep(pauseMs, signal)
      if (signal.aborted) return
      this.#current = open(this)
      const isLiving = await this.#lives(pauseMs)
      if (signal.aborted) return
      if (isLiving) break
      void this.#current.kill()
    }
    this.#becomeReady()
  }

  /** Whether the current runner loads its modules, and lives for as long as the pause before it lasted. */
  async #lives(ms: number): Promise<boolean> {
    const { signal } = this.#stopping
    const { clock, onFailedStart } = this.#options
    try {
      await this.#current.ready
    } catch (error) {
      if (!signal.aborted) onFailedStart(error)
      return false
    }
    if (ms > 0) await clock.sleep(ms, signal)
    if (!this.#current.isGone) return true
    this.#crashes++
    return false
  }
}
