export { postgresBroker } from './postgres-broker.ts'
