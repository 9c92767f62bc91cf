import type { Room } from '@taskflow/room'
import { IDENTITY_ERRORS } from './errors.ts'
import { IDENTITY_PERMISSIONS } from './permissions.ts'
import type { KeyStore } from './ports/key-store.ts'
import type { IdentityRouteDeps } from './routes/index.ts'
import { type IdentityStoresDeps, openIdentityStores } from './store/key-store.ts'

/** Authenticates principals by their API keys, and defines what each role may do. */
export const identityRoom = {
  name: 'identity',
  errors: IDENTITY_ERRORS,
  permissions: IDENTITY_PERMISSIONS,
  stores: openIdentityStores,
  routes: async () => (await import('./routes/index.ts')).identityRoutes,
} as const satisfies Room<IdentityStoresDeps, KeyStore, IdentityRouteDeps>
