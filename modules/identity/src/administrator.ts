import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Ids } from '@taskflow/kernel'
import type { ApiKey, KeyStore } from './ports/key-store.ts'
import { hashSecret, newSecret } from './secrets.ts'

const PROJECT = 'default'

interface Deps {
  readonly storage: Pick<KeyStore, 'createApiKey' | 'listApiKeys'>
  readonly ids: Ids
  /** Where an embedded TaskFlow keeps the key for the command line of the same machine. */
  readonly keyFile: string | undefined
}

export interface Administrator {
  /** Known when it was made now, or is kept in the folder. */
  readonly secret: string | undefined
  readonly isNew: boolean
}

/** Makes sure that somebody can sign in: the first start creates an administrator's API key. */
export async function ensureAdministrator({ storage, ids, keyFile }: Deps): Promise<Administrator> {
  const keys = await storage.listApiKeys(PROJECT)
  if (keys.some(isAdministrator)) {
    return { secret: keyFile && existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : undefined, isNew: false }
  }
  const secret = newSecret()
  // The file first: a key that is stored and known to nobody would lock everybody out.
  if (keyFile) writeFileSync(keyFile, `${secret}\n`, { mode: 0o600 })
  await storage.createApiKey({
    id: ids.next(),
    project: PROJECT,
    name: 'administrator',
    role: 'admin',
    hash: hashSecret(secret),
    expiresAt: null,
  })
  return { secret, isNew: true }
}

/** One that expires may be gone when it is needed. */
const isAdministrator = ({ role, revokedAt, expiresAt }: ApiKey): boolean =>
  role === 'admin' && revokedAt === null && expiresAt === null
