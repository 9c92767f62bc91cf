/**
 * Decides whether this process may do the coordinator's duties now. Every duty is
 * safe when two do it at once, so leadership saves work and keeps rounds regular;
 * it never guards the truth.
 */
export interface Elector {
  /** Calls back at each change, the first time as soon as it is known. */
  start(onChange: (isLeader: boolean) => void): Promise<void>
  /** Resigns, so that a standby may lead at once. */
  stop(): Promise<void>
}

/** Leads while it runs. For a database that only this process has open, or where a second one doing the same does no harm. */
export function soleElector(): Elector {
  let resign: (() => void) | undefined
  return {
    async start(onChange) {
      resign = () => onChange(false)
      onChange(true)
    },
    async stop() {
      resign?.()
      resign = undefined
    },
  }
}
