import type { WorkStore } from '@taskflow/fleet'
import { type Clock, type DatabaseClock, hasCode, type Ids, naturalBatch } from '@taskflow/kernel'
import type { NewLogLine } from '@taskflow/tasks'
import { retryWhileUnavailable } from '../retry-while-unavailable.ts'

type Line = Omit<NewLogLine, 'id'>
type ProgressUpdate = Parameters<WorkStore['recordProgress']>[0][number]

interface Deps {
  readonly storage: Pick<WorkStore, 'appendLogs' | 'recordProgress'>
  readonly clock: Clock
  readonly databaseClock: Pick<DatabaseClock, 'at'>
  /** Ascending, because the lines of a task are read in the order of their ids. */
  readonly ids: Ids
  readonly signal: AbortSignal
  onError(error: unknown): void
}

/** Stores the log lines and the progress of handlers. Writes resolve when they are stored, or given up and reported. */
export interface Journal {
  /** Stores lines of one attempt. */
  append(lines: readonly Line[]): Promise<void>
  record(update: ProgressUpdate): Promise<void>
}

const isShared = (error: unknown): boolean => hasCode(error, 'DATABASE_UNAVAILABLE')

export function journal({ storage, clock, databaseClock, ids, signal, onError }: Deps): Journal {
  // A batch is repeated in its place, so that no later line is stored before an earlier one: a follower reads on from
  // the last line that it has seen.
  const lines = naturalBatch<readonly NewLogLine[], void>({
    run: async (chunks) => {
      await retryWhileUnavailable(() => storage.appendLogs(chunks.flat()), {
        clock,
        signal,
        tries: 1,
        // Other errors are reported with the line that they concern.
        onError: (error) => isShared(error) && onError(error),
      })
      return chunks.map(() => undefined)
    },
    maxWeight: 1_000,
    weigh: (chunk) => chunk.length,
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

  /** Never rejects: each failed write was reported, and is no reason to fail the attempt. */
  const persist = (work: () => Promise<void>): Promise<void> =>
    retryWhileUnavailable(work, { clock, signal, onError }).catch(() => {})

  return {
    append(chunk) {
      // Ids are given before the first try, so that a line that is sent again keeps its place and is stored once.
      const identified = chunk.map((line) => ({ ...line, at: databaseClock.at(line.at), id: ids.next() }))
      return persist(() => lines.add(identified))
    },
    record: (update) => persist(() => updates.add(update)),
  }
}
