import type { Clock } from '@taskflow/kernel'
import type { WorkerId } from '@taskflow/tasks'
import type { SharedRunner } from '../placement/shared-runner.ts'
import type { Registration } from '../registration.ts'

interface Deps {
  readonly shared: Pick<SharedRunner, 'isReady'>
  readonly registration: Pick<Registration, 'isRegistered' | 'workerId'>
  readonly clock: Clock
}

// How soon a worker notices that it is registered again, or that its runner has been replaced.
const POLL_MS = 50

/** Lets this worker claim while it is registered and has a shared runner. */
export interface ClaimPermission {
  /** The id to claim under; undefined while this worker may not claim. */
  readonly workerId: WorkerId | undefined
  /** Resolves when this worker may claim or the signal aborts; the first may never happen, if the modules are broken. */
  whenGranted(signal: AbortSignal): Promise<void>
}

export function claimPermission({ shared, registration, clock }: Deps): ClaimPermission {
  const permission: ClaimPermission = {
    get workerId() {
      return shared.isReady && registration.isRegistered ? registration.workerId : undefined
    },
    async whenGranted(signal) {
      while (permission.workerId === undefined && !signal.aborted) await clock.sleep(POLL_MS, signal)
    },
  }
  return permission
}
