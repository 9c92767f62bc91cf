export { type FleetStores, openFleetStores } from './stores.ts'
