import { RULES, type Rules } from './lease-protocol.ts'
import type { Size } from './lease-state.ts'

/** The protocol without one of its guards. The check must fail, or it would not have noticed that the guard is missing. */
export interface Variant {
  readonly name: string
  readonly summary: string
  readonly without: keyof Rules
  /** The promise that it breaks. */
  readonly breaks: string
  /** What must go wrong for that. */
  readonly accidents: number
  readonly kinds: Size['kinds']
}

export const VARIANTS: readonly Variant[] = [
  {
    name: 'no-fencing-token',
    summary: 'A result counts for whatever attempt of the task runs by now',
    without: 'finishPresentsLease',
    breaks: 'P3',
    accidents: 1,
    kinds: ['freeze'],
  },
  {
    name: 'repeat-applies-again',
    summary: 'What is sent again after an unknown outcome ends the next attempt as well',
    without: 'returnPresentsLease',
    breaks: 'P3',
    accidents: 1,
    kinds: ['message'],
  },
  {
    name: 'repeat-is-refused',
    summary: 'What is sent again after an unknown outcome is called stale, though it was accepted',
    without: 'knowsRepeats',
    breaks: 'P3',
    accidents: 1,
    kinds: ['message'],
  },
  {
    name: 'rescue-by-elapsed-time',
    summary: 'A task is taken back because it has run for long',
    without: 'rescuesOnlyOrphans',
    breaks: 'P4',
    accidents: 0,
    kinds: [],
  },
  {
    name: 'burial-by-age-alone',
    summary: 'A worker is declared dead because its heartbeat looks old, without watching it stand still',
    without: 'watches',
    breaks: 'P4',
    accidents: 1,
    kinds: ['database'],
  },
  {
    name: 'watch-over-a-gap',
    summary: 'The rescuer remembers what it saw before it could not look',
    without: 'forgetsOverGap',
    breaks: 'P4',
    accidents: 2,
    kinds: ['database'],
  },
  {
    name: 'burial-without-another-look',
    summary: 'A worker is declared dead though it has beaten since it was looked at',
    without: 'buryLooksAgain',
    breaks: 'P4',
    accidents: 1,
    kinds: ['freeze'],
  },
  {
    name: 'heartbeat-of-an-old-incarnation',
    summary: 'A worker that was declared dead comes alive again by a late heartbeat',
    without: 'beatNeedsLiving',
    breaks: 'P4',
    accidents: 1,
    kinds: ['freeze'],
  },
  {
    name: 'retry-ignores-cancel',
    summary: 'A task comes back though it was to be cancelled while it ran',
    without: 'returnHeedsCancel',
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
    summary: 'What a stopping worker hands back has used up an attempt',
    without: 'releaseGivesAttemptBack',
    breaks: 'P12',
    accidents: 1,
    kinds: ['stop'],
  },
  {
    name: 'unheld-lease-is-kept',
    summary: 'A worker does not look for leases whose claim was never answered',
    without: 'handsBackUnheld',
    breaks: 'P2',
    accidents: 1,
    kinds: ['message'],
  },
]

export const rulesWithout = (rule: keyof Rules): Rules => ({ ...RULES, [rule]: false })

/** A worker that goes wrong and one that goes on, and a task between them. */
export const variantSize = ({ accidents, kinds }: Variant): Size => ({
  tasks: 1,
  workers: 2,
  accidents,
  kinds,
  maxAttempts: 2,
})
