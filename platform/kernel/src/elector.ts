/**
 * Decides whether this process may do the coordinator's duties now. Every duty is
 * safe when two do it at once, so leadership saves work and keeps rounds regular;
 * it never guards the truth.
 */
export interface Elector {
  /**
   * Whether that holds at this very moment. Asked before each step of a duty: a process
   * that was stopped for a while may be anywhere in its code when its time is long over.
   */
  readonly isLeading: boolean
  /** Calls back at each change, the first time as soon as it is known; what it is given resolves once that was followed. */
  start(follow: (isLeader: boolean) => Promise<void>): Promise<void>
  /** Ends the duties, then resigns, so that a standby may lead at once. */
  stop(): Promise<void>
}

/** Leads while it runs. For a database that only this process has open, or where a second one doing the same does no harm. */
export function soleElector(): Elector {
  let resign: (() => Promise<void>) | undefined
  return {
    get isLeading() {
      return resign !== undefined
    },
    async start(follow) {
      resign = () => follow(false)
      await follow(true)
    },
    async stop() {
      const ended = resign?.()
      resign = undefined
      await ended
    },
  }
}
