/**
 * Why a pause ended before its time. Without a reason of its own a signal makes an error of its abort, with a stack, and takers are
 * woken thousands of times a second.
 */
export const WOKEN = 'woken'
