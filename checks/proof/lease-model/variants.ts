import { RULES, type Rules } from './lease-protocol.ts'
import type { Size } from './lease-state.ts'

/**
 * The protocol without one of its guards. A check of it must fail; otherwise the check would not notice a missing
 * guard.
 */
export interface Variant {
  readonly name: string
  readonly summary: string
  readonly without: keyof Rules
  /** The promise that the variant breaks. */
  readonly breaks: string
  /** The accidents that this takes. */
  readonly accidents: number
  readonly kinds: Size['kinds']
}

export const VARIANTS: readonly Variant[] = [
  {
    name: 'no-fencing-token',
    summary: 'A result is accepted for any running attempt of the task',
    without: 'finishPresentsLease',
    breaks: 'P3',
    accidents: 1,
    kinds: ['freeze'],
  },
  {
    name: 'repeat-applies-again',
    summary: 'A settlement that is repeated after an unknown outcome also ends the next attempt',
    without: 'requeuePresentsLease',
    breaks: 'P3',
    accidents: 1,
    kinds: ['message'],
  },
  {
    name: 'repeat-is-refused',
    summary: 'A settlement that is repeated after an unknown outcome is refused as stale, although it was accepted',
    without: 'recognizesRepeats',
    breaks: 'P3',
    accidents: 1,
    kinds: ['message'],
  },
  {
    name: 'rescue-by-elapsed-time',
    summary: 'A task is rescued because it has run for long',
    without: 'rescuesOnlyOrphans',
    breaks: 'P4',
    accidents: 0,
    kinds: [],
  },
  {
    name: 'lost-by-age-alone',
    summary: 'A worker is marked lost because its heartbeat looks old, without observing that it does not advance',
    without: 'observesSilence',
    breaks: 'P4',
    accidents: 1,
    kinds: ['database'],
  },
  {
    name: 'observation-over-a-gap',
    summary: 'The rescuer keeps its observations over a time in which it could not read the database',
    without: 'forgetsAfterGap',
    breaks: 'P4',
    accidents: 2,
    kinds: ['database'],
  },
  {
    name: 'lost-without-recheck',
    summary: 'A worker is marked lost although it has sent a heartbeat since it was observed',
    without: 'rechecksHeartbeat',
    breaks: 'P4',
    accidents: 1,
    kinds: ['freeze'],
  },
  {
    name: 'heartbeat-of-an-old-incarnation',
    summary: 'A delayed heartbeat makes a lost worker count as alive',
    without: 'heartbeatNeedsLiving',
    breaks: 'P4',
    accidents: 1,
    kinds: ['freeze'],
  },
  {
    name: 'retry-ignores-cancel',
    summary: 'A task is retried although a cancel was requested while it ran',
    without: 'requeueChecksCancel',
    breaks: 'P7',
    accidents: 0,
    kinds: [],
  },
  {
    name: 'crash-is-not-counted',
    summary: 'A rescue does not count the crash',
    without: 'countsCrashes',
    breaks: 'P11',
    accidents: 3,
    kinds: ['crash'],
  },
  {
    name: 'release-costs-an-attempt',
    summary: 'A task that a stopping worker releases has used up an attempt',
    without: 'releaseRefundsAttempt',
    breaks: 'P12',
    accidents: 1,
    kinds: ['stop'],
  },
  {
    name: 'leaked-lease-is-kept',
    summary: 'A worker does not check for leases whose claim was never answered',
    without: 'releasesLeaked',
    breaks: 'P2',
    accidents: 1,
    kinds: ['message'],
  },
]

export const rulesWithout = (rule: keyof Rules): Rules => ({ ...RULES, [rule]: false })

/** One task, one worker for the accidents and one that continues. */
export const variantSize = ({ accidents, kinds }: Variant): Size => ({
  tasks: 1,
  workers: 2,
  accidents,
  kinds,
  maxAttempts: 2,
})
