import './events.ts'

export { fallbackBroker } from './fallback-broker.ts'
export { brokerLogLines } from './log-lines.ts'
export { brokerMetrics } from './metrics.ts'
export { postgresBroker } from './postgres-broker.ts'
