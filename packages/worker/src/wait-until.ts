import type { Clock } from '@taskflow/kernel'
import type { WakeSignal } from './wake-signal.ts'

interface Condition {
  isMet(): boolean
  /** Notified when the condition may have come to be met. */
  readonly change: WakeSignal
  readonly timeoutMs: number
}

/** Resolves when the condition is met or the time is up. */
export async function waitUntil(clock: Clock, { isMet, change, timeoutMs }: Condition): Promise<void> {
  const waiting = new AbortController()
  const timeout = clock.sleep(timeoutMs, waiting.signal)
  let isTimeUp = false
  void timeout.then(() => {
    isTimeUp = true
  })
  while (!isMet() && !isTimeUp) await Promise.race([change.next(), timeout])
  waiting.abort()
}
