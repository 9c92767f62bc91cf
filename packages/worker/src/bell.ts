/** Lets several wait for the next change of something, however it comes. */
export interface Bell {
  ring(): void
  /** Resolves when it rings next. */
  rung(): Promise<void>
}

export function bell(): Bell {
  let next: PromiseWithResolvers<void> | undefined
  return {
    ring() {
      next?.resolve()
      next = undefined
    },
    rung() {
      next ??= Promise.withResolvers()
      return next.promise
    },
  }
}
