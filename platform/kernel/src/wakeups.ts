/**
 * Topics of wake-ups, each with what its detail means. A package or room adds its own by declaration merging.
 */
export interface WakeupTopics {
  /** A leader has resigned; the detail is what it led. */
  resigned: string
}

export type WakeupTopic = keyof WakeupTopics

/**
 * Best-effort notifications that something changed. A wake-up may be lost, doubled or late, so every listener also polls:
 * a wake-up only shortens the wait.
 */
export interface Wakeups {
  /** Resolves, once listening, with the function that stops it. */
  on(topic: WakeupTopic, listener: (detail: string) => void): Promise<() => Promise<void>>
}
