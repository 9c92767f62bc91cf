import type { Service } from '@taskflow/kernel'
import type { WorkerId } from '@taskflow/tasks'
import type { Session } from './session.ts'
import { type WorkerOptions, withDefaults } from './settings.ts'
import { startSession } from './start-session.ts'
import type { WorkerDeps } from './worker-deps.ts'
import type { WorkerHealth } from './worker-health.ts'
import { WorkerStart } from './worker-start.ts'

export interface Worker extends Service {
  /** The id of the current incarnation; undefined unless started. */
  readonly id: WorkerId | undefined
  /** Undefined unless the worker runs, or loads its task modules. */
  readonly health: WorkerHealth | undefined
}

interface Options extends WorkerDeps {
  readonly settings: WorkerOptions
}

/**
 * Runs tasks: claims them, runs their handlers in runners, and settles them.
 *
 * `start` rejects with SETTINGS_INVALID when the task modules cannot be loaded. `stop` drains: running attempts may end
 * within `drainMs`, and the tasks of the others are released without using an attempt. A stop does not wait for modules
 * that are being loaded: the start then rejects.
 */
export const worker = (options: Options): Worker => new TaskWorker(options)

class TaskWorker implements Worker {
  readonly name = 'worker'
  readonly #options: Options
  #start: WorkerStart | undefined
  #starting: Promise<Session> | undefined
  #session: Session | undefined
  #previous: Promise<void> = Promise.resolve()

  constructor(options: Options) {
    this.#options = options
  }

  get id(): WorkerId | undefined {
    return this.#session?.workerId
  }

  get health(): WorkerHealth | undefined {
    return this.#session?.health ?? this.#start?.health
  }

  async start(): Promise<void> {
    const starting = this.#starting ?? this.#begin()
    try {
      this.#session = await starting
    } catch (error) {
      if (this.#starting === starting) {
        this.#starting = undefined
        this.#start = undefined
      }
      throw error
    }
  }

  async stop(): Promise<void> {
    const starting = this.#starting
    this.#start?.interrupt()
    this.#starting = undefined
    this.#start = undefined
    // The caller of a start that fails gets the error, and nothing is left to stop.
    if (starting)
      this.#previous = starting.then(
        (started) => started.stop(),
        () => {},
      )
    await this.#previous
    this.#session = undefined
  }

  #begin(): Promise<Session> {
    const { settings, ...deps } = this.#options
    const start = new WorkerStart()
    this.#start = start
    this.#starting = this.#previous.then(() => startSession(deps, withDefaults(settings), start))
    return this.#starting
  }
}
