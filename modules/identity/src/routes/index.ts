import type { RoomRoutes } from '@taskflow/http'
import type { Ids } from '@taskflow/kernel'
import type { Authenticator } from '../authenticator.ts'
import type { KeyStore } from '../ports/key-store.ts'
import { ApiKeyView, CreatedApiKeyView } from './api-key-view.ts'
import { createApiKeyRoute } from './create-api-key.ts'
import { meRoute } from './get-me.ts'
import { listApiKeysRoute } from './list-api-keys.ts'
import { revokeApiKeyRoute } from './revoke-api-key.ts'

export interface IdentityRouteDeps {
  readonly storage: KeyStore
  readonly ids: Ids
  readonly access: Pick<Authenticator, 'forget'>
}

/** Serves API keys and the caller's identity. */
export const identityRoutes: RoomRoutes<IdentityRouteDeps> = {
  schemas: [ApiKeyView, CreatedApiKeyView],

  async register(app, { storage, ids, access }) {
    await app.register(createApiKeyRoute, { storage, ids })
    await app.register(listApiKeysRoute, { storage })
    await app.register(revokeApiKeyRoute, { storage, authenticator: access })
    await app.register(meRoute)
  },
}
