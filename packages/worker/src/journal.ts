import type { WorkStore } from '@taskflow/fleet'
import { type Clock, hasCode, type Ids, naturalBatch } from '@taskflow/kernel'
import type { NewLogLine } from '@taskflow/tasks'
import { keepTrying } from './keep-trying.ts'

type Line = Omit<NewLogLine, 'id'>
type ProgressUpdate = Parameters<WorkStore['recordProgress']>[0][number]

interface Deps {
  readonly storage: Pick<WorkStore, 'appendLogs' | 'recordProgress'>
  readonly clock: Clock
  readonly ids: Ids
  readonly signal: AbortSignal
  onError(error: unknown): void
}

/** Stores what handlers log and how far they are. Both resolve when it is stored, or given up and reported. */
export interface Journal {
  /** Lines of one attempt. */
  append(lines: readonly Line[]): Promise<void>
  record(update: ProgressUpdate): Promise<void>
}

const isShared = (error: unknown): boolean => hasCode(error, 'DATABASE_UNAVAILABLE')

export function journal({ storage, clock, ids, signal, onError }: Deps): Journal {
  const lines = naturalBatch<readonly NewLogLine[], void>({
    run: async (chunks) => {
      await storage.appendLogs(chunks.flat())
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

  /** What cannot be stored is no reason to fail the attempt: it was reported each time. */
  const persist = (work: () => Promise<void>): Promise<void> =>
    keepTrying(work, { clock, signal, onError }).catch(() => {})

  return {
    append(chunk) {
      // Named before the first try: sent again, a line keeps its place and is stored once.
      const named = chunk.map((line) => ({ ...line, id: ids.next() }))
      return persist(() => lines.add(named))
    },
    record: (update) => persist(() => updates.add(update)),
  }
}
