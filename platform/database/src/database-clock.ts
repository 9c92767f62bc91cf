import type { Clock, DatabaseClock } from '@taskflow/kernel'
import type { Database, Queryable } from './database.ts'
import { readClock } from './statements/read-clock.ts'
import { readTrueClock } from './statements/read-true-clock.ts'

/**
 * Follows the clock of the database: the monotonic clock of this machine, plus an offset. The machine's wall clock may
 * be wrong by any time, and may be set while the process runs.
 *
 * A reply with the time of its transaction proves bounds of the offset, because the transaction began between request
 * and reply. An offset within the bounds stays, so that it does not waver with each reply; one outside moves between
 * them. Submissions carry such a time anyway, so that a process which submits follows the database at no cost, and a
 * process without such a reply for a while asks. The method is Cristian's (Probabilistic clock synchronization, 1989).
 *
 * The error is below half of the time between a request and its reply. If the clock of the database is set, the times
 * until the next such reply are wrong.
 */
export interface FollowedClock extends DatabaseClock {
  /** The same database, whose replies are watched. */
  readonly database: Database
  /** Asks for the time unless it is known. Never rejects: a later reply brings the time as well. */
  start(): Promise<void>
  /** Asks on the connection of a caller who may be in a transaction. */
  startWithin(caller: Queryable): Promise<void>
}

/** Ids of tasks follow the clock if it is set back by more than this, which no correction of its offset is. */
export const CLOCK_SET_BACK_MS = 1_000

// The oscillators of two machines drift apart by less than ten milliseconds meanwhile.
const STALE_MS = 60_000

// The first request may have opened the connection.
const FIRST_READINGS = 3

type LocalClock = Pick<Clock, 'now' | 'monotonicMs'>

/** A measurement of the database's clock. */
interface Reading {
  readonly offsetMs: number
  /** By the monotonic clock. */
  readonly atMs: number
  /** The wall clock minus the monotonic clock, which differs after a sleep of the machine. */
  readonly wallMs: number
}

export function databaseClock(given: Database, clock: LocalClock): FollowedClock {
  let known: Reading | undefined
  let isReading = false

  const wallMs = (): number => clock.now().getTime() - clock.monotonicMs()

  function observe(at: Date, sentMs: number): void {
    const atMs = clock.monotonicMs()
    // The database's times are cut to milliseconds.
    const least = at.getTime() - atMs
    const most = at.getTime() + 1 - sentMs
    const isWithin = known && known.offsetMs >= least && known.offsetMs <= most
    known = { offsetMs: known && isWithin ? known.offsetMs : (least + most) / 2, atMs, wallMs: wallMs() }
  }

  const database: Database = {
    engine: given.engine,
    async run(statement, params) {
      if (statement.tellsTime === undefined) return given.run(statement, params)
      const sentMs = clock.monotonicMs()
      const rows = await given.run(statement, params)
      const [row] = rows
      if (row) observe(row[statement.tellsTime as keyof typeof row] as Date, sentMs)
      return rows
    },
    transaction: (work) => given.transaction(work),
    listen: (channel, listener) => given.listen(channel, listener),
    close: () => given.close(),
  }

  /** The caller that needs the database reports that it is unavailable; the next reply brings its time. */
  const read = (): Promise<unknown> => database.run(readClock, []).catch(() => {})

  async function refresh(): Promise<void> {
    if (isReading) return
    isReading = true
    await read()
    isReading = false
  }

  const isStale = ({ atMs, wallMs: wallThen }: Reading): boolean =>
    clock.monotonicMs() - atMs > STALE_MS || Math.abs(wallMs() - wallThen) > CLOCK_SET_BACK_MS

  return {
    database,
    async start() {
      if (known) return
      for (let reading = 0; reading < FIRST_READINGS; reading++) await read()
    },
    async startWithin(caller) {
      if (known) return
      const sentMs = clock.monotonicMs()
      const [row] = await caller.run(readTrueClock, [])
      if (row) observe(new Date(row.now_ms), sentMs)
    },
    now() {
      // Before the start only the clock of this machine is known.
      if (!known) return clock.now()
      if (isStale(known)) void refresh()
      return new Date(clock.monotonicMs() + known.offsetMs)
    },
    at(local) {
      return known ? new Date(local.getTime() - wallMs() + known.offsetMs) : local
    },
  }
}
