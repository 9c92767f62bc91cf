import type { Events } from '@taskflow/kernel'
import type { RunnerHandle } from '../placement/runner-handle.ts'
import type { HeldAttempt } from './held-attempt.ts'
import type { Stop } from './stop.ts'

/**
 * The handlers that run on in the shared runner although their attempts have ended, because they ignored their
 * AbortSignal. They occupy no slot, so this is how many more handlers than slots a worker may be running.
 */
export interface AbandonedHandlers {
  add(attempt: HeldAttempt, cause: Stop['cause'] | 'lost'): void
  /** Called when a runner reports the end of an attempt that is not held. */
  onEnd(key: number): void
  /** Called when a runner has ended, and its handlers with it. */
  onGone(runner: RunnerHandle): void
}

export function abandonedHandlers({ events }: { readonly events: Events }): AbandonedHandlers {
  const running = new Map<number, HeldAttempt>()

  return {
    add(attempt, cause) {
      const { taskId, type } = attempt.lease
      running.set(attempt.key, attempt)
      events.emit('handler.abandoned', { taskId, type, cause, running: running.size })
    },
    onEnd(key) {
      const attempt = running.get(key)
      if (!attempt) return
      running.delete(key)
      const { taskId, type } = attempt.lease
      events.emit('handler.ended', { taskId, type, running: running.size })
    },
    onGone(runner) {
      for (const [key, attempt] of running) if (attempt.runner === runner) this.onEnd(key)
    },
  }
}
