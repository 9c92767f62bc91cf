import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Ids } from '@taskflow/kernel'
import type { ApiKey, KeyStore } from './ports/key-store.ts'
import { hashSecret, newSecret } from './secrets.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'createApiKey' | 'listApiKeys'>
  readonly ids: Ids
  readonly project: string
  /** The file in which an embedded TaskFlow keeps the key for the command line on the same machine. */
  readonly keyFile: string | undefined
}

/** The administrator's API key after a start. */
export interface Administrator {
  /** The API key; known when it was created now or is kept in the key file. */
  readonly secret: string | undefined
  readonly isNew: boolean
}

/** Creates an administrator's API key at the first start, so that somebody can sign in. */
export async function ensureAdministrator({ storage, ids, project, keyFile }: Deps): Promise<Administrator> {
  const keys = await storage.listApiKeys(project)
  if (keys.some(isAdministrator)) {
    return { secret: keyFile && existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : undefined, isNew: false }
  }
  const secret = newSecret()
  // Written before the key is stored: a stored key that nobody knows would lock everybody out.
  if (keyFile) writeFileSync(keyFile, `${secret}\n`, { mode: 0o600 })
  await storage.createApiKey({
    id: ids.next(),
    project,
    name: 'administrator',
    role: 'admin',
    hash: hashSecret(secret),
    expiresAt: null,
  })
  return { secret, isNew: true }
}

/** A key that expires may be invalid when it is needed. */
const isAdministrator = ({ role, revokedAt, expiresAt }: ApiKey): boolean =>
  role === 'admin' && revokedAt === null && expiresAt === null
