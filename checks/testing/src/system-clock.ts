/** For tests of what really waits: a broker, a connection, a thread. */
export { systemClock } from '@taskflow/kernel'
