import type { Clock } from '@taskflow/kernel'
import type { Isolation } from '@taskflow/sdk'
import type { Report } from '../protocol.ts'
import type { RunnerHandle, RunnerListener } from './runner-handle.ts'

// Loading the modules again for each attempt would cost more than many attempts do; an idle runner costs memory.
const IDLE_MS = 10_000

interface Options {
  readonly clock: Clock
  readonly listener: RunnerListener
  open(placement: Isolation, listener: RunnerListener): RunnerHandle
}

interface IdleRunner {
  readonly runner: RunnerHandle
  readonly sinceMs: number
}

/**
 * Runners that run one attempt at a time, so that each can be killed alone and its death blamed on one task. A runner
 * whose report says that its attempt has ended is kept for the next attempt, for `IDLE_MS`.
 */
export class IsolatedRunners implements RunnerListener {
  readonly #options: Options
  readonly #all = new Set<RunnerHandle>()
  /** The oldest first. */
  readonly #idle: IdleRunner[] = []
  readonly #stopping = new AbortController()
  #isSweeping = false

  constructor(options: Options) {
    this.#options = options
  }

  /** Resolves with a runner that has loaded its modules; rejects when it cannot load them. */
  async acquire(placement: Isolation): Promise<RunnerHandle> {
    const runner = this.#takeIdle(placement) ?? this.#open(placement)
    try {
      await runner.ready
    } catch (error) {
      void runner.kill()
      throw error
    }
    return runner
  }

  /** Keeps a runner in which no handler runs for a later attempt. */
  release(runner: RunnerHandle): void {
    if (runner.isGone || this.#stopping.signal.aborted) return
    this.#idle.push({ runner, sinceMs: this.#options.clock.monotonicMs() })
    if (!this.#isSweeping) void this.#sweep()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([...this.#all].map((runner) => runner.kill()))
  }

  onReport(report: Report, runner: RunnerHandle): void {
    // A handler that goes on after its attempt has ended would disturb the next attempt.
    if (report.ended.some(({ isAdrift }) => isAdrift)) void runner.kill()
    else if (report.ended.length > 0 || report.succeeded.length > 0) this.release(runner)
    this.#options.listener.onReport(report, runner)
  }

  onSlowLoad(loadingMs: number, runner: RunnerHandle): void {
    this.#options.listener.onSlowLoad(loadingMs, runner)
  }

  onCrash(reason: string, runner: RunnerHandle): void {
    this.#options.listener.onCrash(reason, runner)
  }

  #takeIdle(placement: Isolation): RunnerHandle | undefined {
    // The runner that was used last, so that runners in excess of the need grow old and are killed.
    const index = this.#idle.findLastIndex(({ runner }) => runner.placement === placement && !runner.isGone)
    return index < 0 ? undefined : this.#idle.splice(index, 1)[0]?.runner
  }

  #open(placement: Isolation): RunnerHandle {
    for (const runner of this.#all) if (runner.isGone) this.#all.delete(runner)
    const runner = this.#options.open(placement, this)
    this.#all.add(runner)
    return runner
  }

  /** Kills runners that have been idle for long, for as long as there are idle ones. */
  async #sweep(): Promise<void> {
    this.#isSweeping = true
    const { clock } = this.#options
    while (this.#idle.length > 0 && !this.#stopping.signal.aborted) {
      await clock.sleep(IDLE_MS / 4, this.#stopping.signal)
      const oldest = clock.monotonicMs() - IDLE_MS
      while (this.#idle[0] && this.#idle[0].sinceMs <= oldest) void this.#idle.shift()?.runner.kill()
    }
    this.#isSweeping = false
  }
}
