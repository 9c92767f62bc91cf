export { openIdentityStores } from './key-store.ts'
