import type { Clock } from '@taskflow/kernel'
import type { Isolation } from '@taskflow/sdk'
import { attemptError } from '@taskflow/tasks'
import type { IsolatedRunners } from '../placement/isolated-runners.ts'
import type { RunnerHandle } from '../placement/runner-handle.ts'
import type { SharedRunner } from '../placement/shared-runner.ts'
import { hasDeadline } from './deadline.ts'
import type { Finisher } from './finisher.ts'
import { type HeldAttempt, orderFor } from './held-attempt.ts'
import type { Slots } from './slots.ts'
import type { Stopper } from './stopper.ts'

interface Deps {
  readonly slots: Pick<Slots, 'fill'>
  readonly finisher: Pick<Finisher, 'finish' | 'isStillWanted'>
  readonly stopper: Pick<Stopper, 'watch'>
  readonly shared: Pick<SharedRunner, 'whenReady' | 'current'>
  readonly isolated: Pick<IsolatedRunners, 'acquire' | 'release'>
  readonly clock: Clock
}

/** Brings attempts that have a slot to their runners. */
export interface AttemptStarter {
  /** Starts attempts in the shared runner. */
  startTogether(attempts: readonly HeldAttempt[]): Promise<void>
  /** Starts an attempt in a runner of its own. */
  startAlone(attempt: HeldAttempt, placement: Isolation): Promise<void>
}

export function attemptStarter({ slots, finisher, stopper, shared, isolated, clock }: Deps): AttemptStarter {
  function runIn(runner: RunnerHandle, attempts: readonly HeldAttempt[]): void {
    const now = clock.monotonicMs()
    for (const attempt of attempts) {
      attempt.runner = runner
      attempt.startedAt = now
      attempt.beatAt = now
      if (hasDeadline(attempt)) stopper.watch(attempt)
    }
    let position = runner.run(attempts.map(orderFor))
    for (const attempt of attempts) attempt.position = position++
  }

  return {
    async startTogether(attempts) {
      // Resolves at once, except while the successor of a runner that crashed loads its modules.
      await shared.whenReady()
      const wanted = attempts.filter(finisher.isStillWanted)
      if (wanted.length > 0) runIn(shared.current, wanted)
      if (wanted.length < attempts.length) slots.fill()
    },
    async startAlone(attempt, placement) {
      let runner: RunnerHandle
      try {
        runner = await isolated.acquire(placement)
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error)
        return finisher.finish(attempt, { kind: 'crashed', error: attemptError('RunnerCrashed', message) })
      }
      if (finisher.isStillWanted(attempt)) return runIn(runner, [attempt])
      isolated.release(runner)
      slots.fill()
    },
  }
}
