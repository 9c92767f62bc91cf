/**
 * The reason of a signal that ends a pause early. Without an explicit reason, `abort` creates an error with a stack, which is
 * expensive: consumers are notified thousands of times a second.
 */
export const PAUSE_ENDED = 'the pause ended'
