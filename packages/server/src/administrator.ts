import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Ids, KeyStore } from '@taskflow/core'
import { hashSecret, newSecret } from './auth/secrets.ts'

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
  if (keys.some((key) => key.role === 'admin' && key.revokedAt === null)) {
    return { secret: keyFile && existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : undefined, isNew: false }
  }
  const secret = newSecret()
  await storage.createApiKey({
    id: ids.next(),
    project: PROJECT,
    name: 'administrator',
    role: 'admin',
    hash: hashSecret(secret),
    expiresAt: null,
  })
  if (keyFile) writeFileSync(keyFile, `${secret}\n`, { mode: 0o600 })
  return { secret, isNew: true }
}
