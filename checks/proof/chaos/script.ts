/** The acts of a handler, attempt by attempt: the payload of each task of a run. */
export interface Script {
  /** One act for each attempt; the last act repeats. */
  readonly acts: readonly Act[]
}

export interface Act {
  readonly ms: number
  readonly does: 'succeed' | 'fail' | 'fail for good' | 'snooze' | 'kill its process'
  /** Ignores its AbortSignal. */
  readonly isStubborn?: boolean
  /** Blocks the event loop of its thread. */
  readonly isBlocking?: boolean
  /** The number of deaths after which the handler succeeds instead. */
  readonly kills?: number
}

/** The task types of a run, by where their handlers run. */
export const TYPES = { shared: 'chaos.shared', thread: 'chaos.thread', process: 'chaos.process' } as const
