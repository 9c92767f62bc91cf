import { parseQueues } from '@taskflow/fleet'
import type { Execution } from '../attempts/build-execution.ts'
import { type Registration, registration } from '../registration.ts'
import type { WorkerSettings } from '../settings.ts'
import type { SessionContext, WorkerDeps } from '../worker-deps.ts'
import { claimPermission } from './claim-permission.ts'
import { type ClaimedLeases, claimedLeases } from './claimed-leases.ts'
import { Claimer } from './claimer.ts'
import { FetchLoop } from './fetch-loop.ts'
import { prefetch } from './prefetch.ts'
import { queueChoice } from './queue-choice.ts'

/** The parts of a worker that bring tasks to its slots. */
export interface Fetching {
  readonly registration: Registration
  readonly leases: ClaimedLeases
  readonly claimer: Claimer
  readonly fetchLoop: FetchLoop
}

/** Builds the parts in the order in which they need each other, for the types that the execution has loaded. */
export function buildFetching(
  deps: WorkerDeps,
  settings: WorkerSettings,
  { onError }: SessionContext,
  { slots, settler, shared, loopWatch, admission, types }: Execution,
): Fetching {
  const { storage, broker, clock, ids, random, events } = deps
  const shares = parseQueues(settings.queues)

  const registering = registration({
    storage,
    ids,
    events,
    settings: { ...settings, queues: shares.map(({ queue }) => queue) },
    types: types.map(({ isolation: _, ...defaults }) => defaults),
  })
  const leases = claimedLeases({ admission, registration: registering, events })
  const prefetching = prefetch({ clock, slots })
  const claimer = new Claimer({ storage, types, slots, leases, prefetch: prefetching, clock, events })
  const fetchLoop = new FetchLoop({
    broker,
    claimer,
    permission: claimPermission({ shared, loopWatch, registration: registering, clock, types }),
    slots,
    settler,
    prefetch: prefetching,
    clock,
    ids,
    events,
    project: settings.project,
    nextQueues: queueChoice(shares, random),
    onError,
  })
  return { registration: registering, leases, claimer, fetchLoop }
}
