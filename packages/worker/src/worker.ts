import type { Service } from '@taskflow/kernel'
import type { WorkerId } from '@taskflow/tasks'
import type { Session, WorkerHealth } from './session.ts'
import { type WorkerOptions, withDefaults } from './settings.ts'
import { startSession } from './start-session.ts'
import type { WorkerDeps } from './worker-deps.ts'

export interface Worker extends Service {
  /** The id of the current incarnation; undefined unless started. */
  readonly id: WorkerId | undefined
  /** Undefined unless started. */
  readonly health: WorkerHealth | undefined
}

/**
 * Runs tasks: claims them, runs their handlers in runners, and settles them.
 *
 * `start` rejects with SETTINGS_INVALID when the task modules cannot be loaded. `stop` drains: running attempts may end
 * within `drainMs`, and the tasks of the others are released without using an attempt.
 */
export function worker({ settings, ...deps }: WorkerDeps & { readonly settings: WorkerOptions }): Worker {
  let current: Promise<Session> | undefined
  let session: Session | undefined
  let previous: Promise<void> = Promise.resolve()

  return {
    name: 'worker',
    get id() {
      return session?.workerId
    },
    get health() {
      return session?.health
    },
    async start() {
      current ??= previous.then(() => startSession(deps, withDefaults(settings)))
      const starting = current
      try {
        session = await starting
      } catch (error) {
        if (current === starting) current = undefined
        throw error
      }
    },
    async stop() {
      const stopping = current
      current = undefined
      // The caller of a start that fails gets the error, and nothing is left to stop.
      if (stopping)
        previous = stopping.then(
          (started) => started.stop(),
          () => {},
        )
      await previous
      session = undefined
    },
  }
}
