/** Wakes everything that waits for the next change of something. */
export interface WakeSignal {
  notify(): void
  /** Resolves at the next `notify`. */
  next(): Promise<void>
}

export function wakeSignal(): WakeSignal {
  let pending: PromiseWithResolvers<void> | undefined
  return {
    notify() {
      pending?.resolve()
      pending = undefined
    },
    next() {
      pending ??= Promise.withResolvers()
      return pending.promise
    },
  }
}
