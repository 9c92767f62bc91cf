import type { Clock } from '@taskflow/kernel'
import { growingPause } from '../growing-pause.ts'
import type { Report, TaskTypeIntroduction } from '../protocol.ts'
import type { RunnerHandle, RunnerListener } from './runner-handle.ts'

interface Options {
  readonly clock: Clock
  readonly listener: RunnerListener
  open(listener: RunnerListener): RunnerHandle
  /** Called when a replacement could not load the modules that its predecessor had loaded; loading is tried again. */
  onFailedStart(error: unknown): void
}

/**
 * The thread that all attempts without isolation share. One exists at any time, or is starting: a runner that crashes
 * is replaced before the listener learns of the crash, so that its attempts' slots are filled from the successor.
 */
export class SharedRunner implements RunnerListener {
  readonly #options: Options
  readonly #stopping = new AbortController()
  #current: RunnerHandle
  #ready = Promise.resolve()
  #isReady = true

  constructor(options: Options) {
    this.#options = options
    this.#current = options.open(this)
  }

  /** Resolves with the task types that the runner has loaded. */
  start(): Promise<readonly TaskTypeIntroduction[]> {
    return this.#current.ready
  }

  get current(): RunnerHandle {
    return this.#current
  }

  get isReady(): boolean {
    return this.#isReady
  }

  /** Resolves once the current runner has loaded its modules. */
  whenReady(): Promise<void> {
    return this.#ready
  }

  onReport(report: Report, runner: RunnerHandle): void {
    this.#options.listener.onReport(report, runner)
  }

  onCrash(reason: string, runner: RunnerHandle): void {
    if (runner === this.#current) this.replace()
    this.#options.listener.onCrash(reason, runner)
  }

  /** Kills the current runner and starts another; the caller ends the attempts of the old one. */
  replace(): void {
    void this.#current.kill()
    if (this.#stopping.signal.aborted) return
    this.#current = this.#options.open(this)
    this.#isReady = false
    this.#ready = this.#load()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#current.kill()
  }

  /** Resolves when the current runner, or the one that replaced it after a failed start, is ready; or at the stop. */
  async #load(): Promise<void> {
    const { signal } = this.#stopping
    const { clock, open, onFailedStart } = this.#options
    const pause = growingPause()
    while (!signal.aborted) {
      this.#isReady = (await this.#current.ready.then(() => true, onFailedStart)) === true
      if (this.#isReady) return
      await clock.sleep(pause.next(), signal)
      if (signal.aborted) return
      void this.#current.kill()
      this.#current = open(this)
    }
  }
}
