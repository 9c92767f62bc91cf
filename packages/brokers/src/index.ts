export { fallbackBroker } from './fallback-broker.ts'
export { postgresBroker } from './postgres-broker.ts'
