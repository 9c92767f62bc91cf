import type { Clock } from '@taskflow/kernel'
import { REDECLARE_MS } from './line-queue.ts'
import { type LineSession, openSession, type Word } from './line-session.ts'
import type { Link } from './link.ts'

// Of the largest take: what more one process holds is only kept from others.
const MOST_AT_ONCE = 200
// A line that is slow to start, because its queue is new, must not keep the others waiting for longer.
const START_MS = 100

export interface LineConsumer {
  /** The first in line of those that have arrived. */
  readonly first: Word | undefined
  /** Takes the first away. */
  shift(): Word | undefined
  /** How many have arrived and are not settled, taken or not. */
  readonly held: number
  /** When the one came that has waited longest to be taken; infinite when there is none. */
  readonly oldestAt: number
  readonly isConsuming: boolean
  readonly isStarting: boolean
  /** Whether none has arrived, but one with a smaller rank may at any moment. */
  isDueBefore(rankMs: number): boolean
  /** Asks whether that is so, where it is uncertain. */
  inquire(): void
  /** Sees to it that enough come for takes of so many; undefined when they do. Rejects when none can. */
  want(max: number): Promise<void> | undefined
  /** Lets no more come, and gives back those that were not taken. */
  stop(): Promise<void>
}

interface Deps {
  readonly link: Link
  readonly clock: Clock
  readonly queue: string
  /** A word has arrived, or none is due any more, or none come although nobody stopped them. */
  onChange(): void
}

/**
 * Consumes one line, on a channel of its own, so that what is wrong with one line
 * is no concern of the others.
 *
 * As many are let come as one take asks for; once all of them were out at once,
 * twice as many: the next ones are then here when those are acknowledged.
 */
export function lineConsumer({ link, clock, queue, onChange }: Deps): LineConsumer {
  let session: LineSession | undefined
  let starting: Promise<void> | undefined
  /** Until then something may come of the start under way. */
  let startDueUntil = 0
  let startNotBefore = 0
  let previous = Promise.resolve()

  async function open(): Promise<LineSession> {
    const opened = await openSession({
      link,
      clock,
      queue,
      onChange,
      onEnd(isQueueGone) {
        if (isQueueGone) startNotBefore = clock.monotonicMs() + REDECLARE_MS
        if (session === opened) session = undefined
        onChange()
      },
    })
    session = opened
    return opened
  }

  /** How many more should be let come for takes of so many. */
  function lackFor(max: number): number {
    const count = Math.min(max, MOST_AT_ONCE)
    if (!session?.prefetch) return count
    return session.wasFull ? Math.max(0, 2 * count - session.prefetch) : 0
  }

  function abandon(): void {
    session?.close()
    session = undefined
  }

  /** Starts and stops one after the other. A channel where one failed is given up, and with it what it delivered. */
  function inTurn(work: () => Promise<void>): Promise<void> {
    const done = previous.then(work).catch((error: unknown) => {
      abandon()
      throw error
    })
    previous = done.catch(() => {})
    return done
  }

  async function start(max: number): Promise<void> {
    const pauseMs = startNotBefore - clock.monotonicMs()
    if (pauseMs > 0) await clock.sleep(pauseMs)
    const lack = lackFor(max)
    if (lack === 0) return
    const using = session ?? (await open())
    startDueUntil = Math.min(startDueUntil, clock.monotonicMs() + START_MS)
    await using.consume(lack)
  }

  return {
    get first() {
      return session?.arrived[0]
    },
    shift: () => session?.arrived.shift(),
    get held() {
      return session?.unsettled.size ?? 0
    },
    get oldestAt() {
      return Math.min(...(session?.arrived ?? []).map(({ arrivedAt }) => arrivedAt))
    },
    get isConsuming() {
      return (session?.prefetch ?? 0) > 0
    },
    get isStarting() {
      return starting !== undefined
    },
    isDueBefore(rankMs) {
      if (session?.prefetch) return session.isDueBefore(rankMs)
      return starting !== undefined && clock.monotonicMs() < startDueUntil
    },
    inquire: () => session?.inquire(),
    want(max) {
      const isStale = session?.isStale === true
      if (isStale) abandon()
      if (starting || lackFor(max) === 0) return starting
      // Where nothing has come for long, nothing is waited for. Without a connection no other line has anything either.
      startDueUntil = isStale ? 0 : Number.POSITIVE_INFINITY
      starting = inTurn(() => start(max)).finally(() => {
        starting = undefined
        onChange()
      })
      return starting
    },
    stop: () => inTurn(async () => session?.cancel()),
  }
}
