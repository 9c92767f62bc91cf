/**
 * Best-effort word that something changed. It may be lost, doubled or late, so
 * whoever listens also polls; it only shortens the wait.
 *
 * - `ready`: tasks became queued; the detail is their queues, comma-separated.
 * - `due`: a task is due earlier than known; the detail is the time.
 * - `finished`: tasks finished.
 * - `cancelled`: a running task is to be cancelled; the detail is its worker's id.
 */
export const WAKEUP_TOPICS = ['ready', 'due', 'finished', 'cancelled'] as const

export type WakeupTopic = (typeof WAKEUP_TOPICS)[number]

export interface Wakeups {
  /** Resolves, once listening, with the way to stop. */
  on(topic: WakeupTopic, listener: (detail: string) => void): Promise<() => Promise<void>>
}
