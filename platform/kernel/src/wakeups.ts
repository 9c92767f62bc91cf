/** Topics of wake-ups, with the type of their details. A package or room adds its own topics by declaration merging. */
export interface WakeupTopics {
  /** A leader resigned. The detail is the name of the leadership. */
  resigned: string
}

export type WakeupTopic = keyof WakeupTopics

/**
 * Best-effort notifications that something changed. A wake-up may be lost, duplicated or late, so every listener also
 * polls; a wake-up only shortens the wait.
 */
export interface Wakeups {
  /**
   * Calls the listener at each wake-up of the topic. Resolves, once it listens, with a function that ends the
   * subscription.
   */
  on(topic: WakeupTopic, listener: (detail: string) => void): Promise<() => Promise<void>>
}
