import type { Clock } from '@taskflow/kernel'
import type { WorkerId } from '@taskflow/tasks'
import type { LoopWatch } from '../attempts/loop-watch.ts'
import type { SharedRunner } from '../placement/shared-runner.ts'
import type { TaskTypeIntroduction } from '../protocol.ts'
import type { Registration } from '../registration.ts'

interface Deps {
  readonly shared: Pick<SharedRunner, 'isReady'>
  readonly loopWatch: Pick<LoopWatch, 'isBlocked'>
  readonly registration: Pick<Registration, 'isRegistered' | 'workerId'>
  readonly clock: Clock
  /** The types that this worker runs. */
  readonly types: readonly Pick<TaskTypeIntroduction, 'type' | 'isolation'>[]
}

// How soon a worker notices that it is registered again, or that its runner has been replaced.
const POLL_MS = 50

/**
 * Lets this worker claim while it is registered and has a shared runner. While the loop of that runner is blocked, the
 * worker may claim only types whose attempts have runners of their own.
 */
export interface ClaimPermission {
  /** The id to claim under; undefined while this worker may not claim. */
  readonly workerId: WorkerId | undefined
  /** The types to claim: the same array until the permission changes. */
  readonly types: readonly string[]
  /** Resolves when this worker may claim or the signal aborts; the first may never happen, if the modules are broken. */
  whenGranted(signal: AbortSignal): Promise<void>
}

export function claimPermission({ shared, loopWatch, registration, clock, types }: Deps): ClaimPermission {
  const all = types.map(({ type }) => type)
  const isolated = types.filter(({ isolation }) => isolation !== null).map(({ type }) => type)

  const permission: ClaimPermission = {
    get workerId() {
      if (loopWatch.isBlocked && isolated.length === 0) return undefined
      return shared.isReady && registration.isRegistered ? registration.workerId : undefined
    },
    get types() {
      return loopWatch.isBlocked ? isolated : all
    },
    async whenGranted(signal) {
      while (permission.workerId === undefined && !signal.aborted) await clock.sleep(POLL_MS, signal)
    },
  }
  return permission
}
