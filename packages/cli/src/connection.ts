import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { TaskFlow } from '@taskflow/sdk'
import { UsageError } from './failure.ts'

export interface ConnectionOptions {
  readonly url?: string
  readonly token?: string
}

type Environment = Readonly<Record<string, string | undefined>>

const DEFAULT_URL = 'http://127.0.0.1:8080'

/** Opens the client: flags first, then the environment, then what a server on this machine left in its data folder. */
export function connect(options: ConnectionOptions, env: Environment = process.env): TaskFlow {
  const url = options.url || env.TASKFLOW_URL || DEFAULT_URL
  if (!URL.canParse(url)) throw new UsageError(`Expected the server's address to be like ${DEFAULT_URL}, got "${url}"`)
  const token = options.token || env.TASKFLOW_TOKEN || env.TASKFLOW_ADMIN_TOKEN || localAdminKey(url, env)
  // Two tries more: enough for a hiccup, and a person with no server is told within a second.
  return new TaskFlow({ url, token, retries: 2 })
}

/** The key goes to this machine only: another server is none of its business. */
function localAdminKey(url: string, env: Environment): string | undefined {
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)) return undefined
  try {
    return readFileSync(join(env.TASKFLOW_DATA_DIR || '.taskflow', 'admin.key'), 'utf8').trim() || undefined
  } catch {
    // No local server, or not ours to read: the server then says that a token is needed.
    return undefined
  }
}
