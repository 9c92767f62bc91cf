import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Ids } from '@taskflow/kernel'
import type { ApiKey, KeyStore } from './ports/key-store.ts'
import { hashSecret, newSecret } from './secrets.ts'

const PROJECT = 'default'

interface Deps {
  readonly storage: Pick<KeyStore, 'createApiKey' | 'listApiKeys'>
  readonly ids: Ids
  /** The file in which an embedded TaskFlow keeps the key for the command line on the same machine. */
  readonly keyFile: string | undefined
}

/** The administrator's API key after a start. */
export interface Administrator {
  /** Known when this start created the key, or when the key file has it. */
  readonly secret: string | undefined
  readonly isNew: boolean
}

/** Creates an administrator's API key unless there is one, so that somebody can sign in after the first start. */
export async function ensureAdministrator({ storage, ids, keyFile }: Deps): Promise<Administrator> {
  const keys = await storage.listApiKeys(PROJECT)
  if (keys.some(isAdministrator)) {
    return { secret: keyFile && existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : undefined, isNew: false }
  }
  const secret = newSecret()
  // Write the file first: a key in the database that nobody knows would lock everybody out.
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

/** Returns whether the key stays valid; a key that expires may be missing when it is needed. */
const isAdministrator = ({ role, revokedAt, expiresAt }: ApiKey): boolean =>
  role === 'admin' && revokedAt === null && expiresAt === null
