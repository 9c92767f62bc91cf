import type { SharedRunner } from './placement/shared-runner.ts'
import type { TaskTypeIntroduction } from './protocol.ts'
import type { WorkerHealth } from './worker-health.ts'

/**
 * The start of a worker until its task modules are loaded. An import may never finish, so the health shows what is being
 * loaded, and a stop does not wait for it.
 */
export class WorkerStart {
  readonly #stopping = new AbortController()
  #shared: SharedRunner | undefined

  /** Undefined before the shared runner has begun to load. */
  get health(): WorkerHealth | undefined {
    if (!this.#shared) return undefined
    const { startingMs, current } = this.#shared
    return { state: 'loading', sinceFetchMs: 0, blockedMs: 0, startingMs, loadingModule: current.loadingModule }
  }

  /** Loads the modules. Rejects with SETTINGS_INVALID when they cannot be loaded, and after `interrupt`. */
  async load(shared: SharedRunner): Promise<readonly TaskTypeIntroduction[]> {
    const { signal } = this.#stopping
    const interrupt = (): void => void shared.stop()
    this.#shared = shared
    if (signal.aborted) interrupt()
    signal.addEventListener('abort', interrupt, { once: true })
    try {
      return await shared.start()
    } catch (error) {
      await shared.stop()
      throw error
    } finally {
      signal.removeEventListener('abort', interrupt)
    }
  }

  /** Ends the loading. A start that has loaded its modules goes on. */
  interrupt(): void {
    this.#stopping.abort()
  }
}
