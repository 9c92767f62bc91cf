/** What the handler of a task does, attempt by attempt: the payload of each task of a run. */
export interface Script {
  /** One for each attempt in turn; the last of them for all that follow. */
  readonly acts: readonly Act[]
}

export interface Act {
  readonly ms: number
  readonly does: 'succeed' | 'fail' | 'fail for good' | 'snooze' | 'kill its process'
  /** Goes on when its AbortSignal tells it to stop. */
  readonly isStubborn?: boolean
  /** Lets nothing else happen in its thread meanwhile. */
  readonly isBlocking?: boolean
  /** After so many deaths it succeeds instead. */
  readonly kills?: number
}

/** The types that every worker of a run knows, by where their handlers run. */
export const TYPES = { shared: 'chaos.shared', thread: 'chaos.thread', process: 'chaos.process' } as const
