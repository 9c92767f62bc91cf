import type { Events } from '@taskflow/kernel'
import type { Lease, WorkerId } from '@taskflow/tasks'
import type { Admission } from '../attempts/admission.ts'
import type { Registration } from '../registration.ts'

interface Deps {
  readonly admission: Pick<Admission, 'begin' | 'release'>
  readonly registration: Pick<Registration, 'workerId'>
  readonly events: Events
}

/** Decides what becomes of the leases that a claim has brought. */
export interface ClaimedLeases {
  /** Runs them, or releases them while this worker drains. */
  accept(leases: readonly Lease[], workerId: WorkerId): void
  /** Releases them. */
  release(leases: readonly Lease[], workerId: WorkerId): void
  /** Runs leases that are claimed from here on; so it is at the start. */
  open(): void
  /** Releases leases that are claimed from here on. */
  close(): void
}

export function claimedLeases({ admission, registration, events }: Deps): ClaimedLeases {
  let isOpen = true

  function release(leases: readonly Lease[], workerId: WorkerId): void {
    if (workerId === registration.workerId) admission.release(leases)
    // Claimed by an incarnation that has been lost since: the rescuer takes them back.
    else for (const { taskId, leaseId, attempt } of leases) events.emit('lease.lost', { taskId, leaseId, attempt })
  }

  return {
    accept(leases, workerId) {
      if (isOpen && workerId === registration.workerId) admission.begin(leases)
      else release(leases, workerId)
    },
    release,
    open() {
      isOpen = true
    },
    close() {
      isOpen = false
    },
  }
}
