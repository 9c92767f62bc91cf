import type { WorkStore } from '@taskflow/fleet'
import { type AscendingIds, type Clock, type DatabaseClock, hasCode, naturalBatch } from '@taskflow/kernel'
import type { Lease, NewLogLine, ProgressUpdate } from '@taskflow/tasks'
import { retryWhileUnavailable } from '../retry-while-unavailable.ts'

/** A line as a runner reports it. */
type Line = Pick<NewLogLine, 'at' | 'level' | 'message' | 'fields'>

interface Chunk {
  readonly lease: Lease
  readonly lines: readonly Line[]
}

interface Deps {
  readonly storage: Pick<WorkStore, 'appendLogs' | 'findLastLog' | 'recordProgress'>
  readonly clock: Clock
  readonly databaseClock: Pick<DatabaseClock, 'at'>
  readonly ids: AscendingIds
  readonly signal: AbortSignal
  onError(error: unknown): void
}

/** Stores the log lines and the progress of handlers. Writes resolve when they are stored, or given up and reported. */
export interface Journal {
  append(lease: Lease, lines: readonly Line[]): Promise<void>
  record(lease: Lease, progress: Pick<ProgressUpdate, 'percent' | 'message'>): Promise<void>
}

// A statement with more lines would be long, and its memory large: a line has up to 8 KiB.
const MAX_LINES = 1_000

const isShared = (error: unknown): boolean => hasCode(error, 'DATABASE_UNAVAILABLE')

/**
 * Keeps the lines of a task in the order in which they become visible, because a follower reads on behind the last line
 * that it has seen:
 *
 * - One batch is in flight at a time. While the database is unavailable it is repeated in its place, with the same ids,
 *   so that each line is stored once.
 * - The ids of an attempt are greater than those of the attempts before it, which stored all their lines before they
 *   ended. Ids by the clock alone would not be, because the clocks of two workers differ by some milliseconds, and the
 *   clock of the database may be set back.
 */
export function journal({ storage, clock, databaseClock, ids, signal, onError }: Deps): Journal {
  /** The attempts whose ids follow those of the attempts before. */
  const placed = new WeakSet<Lease>()

  async function place(chunks: readonly Chunk[]): Promise<void> {
    const fresh = chunks.map(({ lease }) => lease).filter((lease) => !placed.has(lease))
    if (fresh.length === 0) return
    const last = await storage.findLastLog([...new Set(fresh.map(({ taskId }) => taskId))])
    if (last !== undefined) ids.raiseAbove(last)
    for (const lease of fresh) placed.add(lease)
  }

  /** Other errors than unavailability are reported with the line that they concern. */
  const whileUnavailable = <Result>(work: () => Promise<Result>): Promise<Result> =>
    retryWhileUnavailable(work, { clock, signal, tries: 1, onError: (error) => isShared(error) && onError(error) })

  const lines = naturalBatch<Chunk, void>({
    run: async (chunks) => {
      await whileUnavailable(() => place(chunks))
      const identified = chunks.flatMap((chunk) => linesOf(chunk))
      await whileUnavailable(() => storage.appendLogs(identified))
      return chunks.map(() => undefined)
    },
    maxWeight: MAX_LINES,
    weigh: (chunk) => chunk.lines.length,
    isShared,
  })
  const updates = naturalBatch<ProgressUpdate, void>({
    run: async (items) => {
      await storage.recordProgress(items)
      return items.map(() => undefined)
    },
    maxWeight: 1_000,
    isShared,
  })

  function linesOf({ lease: { project, taskId, attempt }, lines }: Chunk): NewLogLine[] {
    return lines.map(({ at, level, message, fields }) => ({
      id: ids.next(),
      project,
      taskId,
      attempt,
      at: databaseClock.at(at),
      level,
      message,
      fields,
    }))
  }

  /** Never rejects: each failed write was reported, and is no reason to fail the attempt. */
  const persist = (work: () => Promise<void>): Promise<void> =>
    retryWhileUnavailable(work, { clock, signal, onError }).catch(() => {})

  return {
    async append(lease, all) {
      const chunks = Array.from({ length: Math.ceil(all.length / MAX_LINES) }, (_, index) =>
        all.slice(index * MAX_LINES, (index + 1) * MAX_LINES),
      )
      await Promise.all(chunks.map((some) => persist(() => lines.add({ lease, lines: some }))))
    },
    record({ taskId, leaseId }, { percent, message }) {
      const update = { id: ids.next(), taskId, leaseId, percent, message }
      return persist(() => updates.add(update))
    },
  }
}
