/**
 * Best-effort word that something changed. It may be lost, doubled or late, so
 * whoever listens also polls; it only shortens the wait.
 *
 * - `ready`: tasks became queued; the detail is their queues, comma-separated.
 * - `due`: a task is due earlier than known; the detail is the time.
 * - `finished`: tasks finished.
 * - `asked`: a worker is asked something: to cancel a task, to cordon, to drain; the detail is its id.
 * - `resigned`: a leader has resigned; the detail is what it led.
 */
export const WAKEUP_TOPICS = ['ready', 'due', 'finished', 'asked', 'resigned'] as const

export type WakeupTopic = (typeof WAKEUP_TOPICS)[number]

export interface Wakeups {
  /** Resolves, once listening, with the way to stop. */
  on(topic: WakeupTopic, listener: (detail: string) => void): Promise<() => Promise<void>>
}
