/**
 * Decides whether this process does the coordinator's duties. Leadership avoids repeated work and keeps rounds regular.
 * Nothing relies on it for correctness: every duty is safe when two processes do it at once.
 */
export interface Elector {
  /**
   * Whether this process leads at this moment. A duty checks it before each step: a process that was suspended may
   * resume anywhere in its code, long after its term has expired.
   */
  readonly isLeading: boolean
  /**
   * Calls `follow` when this process begins or ceases to lead. The promise of `follow` resolves once its work has begun
   * or ended.
   */
  start(follow: (isLeader: boolean) => Promise<void>): Promise<void>
  /** Ends the duties and then resigns, so that a standby can lead at once. */
  stop(): Promise<void>
}

/**
 * Leads from start to stop. For a database that only this process opens, and for work that several processes may do at
 * once.
 */
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
