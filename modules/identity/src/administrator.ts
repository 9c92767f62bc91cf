import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Ids } from '@taskflow/kernel'
import type { KeyStore } from './ports/key-store.ts'
import { hashSecret, newSecret } from './secrets.ts'

interface Deps {
  readonly storage: Pick<KeyStore, 'createAdministrator'>
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
  const secret = newSecret()
  const isNew = await storage.createAdministrator(project, () => {
    // Written before the key is stored: a stored key that nobody knows would lock everybody out.
    if (keyFile) writeFileSync(keyFile, `${secret}\n`, { mode: 0o600 })
    return { id: ids.next(), project, name: 'administrator', role: 'admin', hash: hashSecret(secret), expiresAt: null }
  })
  return isNew ? { secret, isNew } : keptAdministrator(keyFile)
}

/** The administrator of an earlier start. */
export const keptAdministrator = (keyFile: string | undefined): Administrator => ({
  secret: keyFile !== undefined && existsSync(keyFile) ? readFileSync(keyFile, 'utf8').trim() : undefined,
  isNew: false,
})
