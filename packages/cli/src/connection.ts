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

/**
 * Opens a client, configured by the options, then the environment, then the data folder of a server on this machine.
 */
export function connect(options: ConnectionOptions, env: Environment = process.env): TaskFlow {
  const url = options.url || env.TASKFLOW_URL || DEFAULT_URL
  if (!URL.canParse(url))
    throw new UsageError(`Expected the address of the server to look like ${DEFAULT_URL}, got "${url}"`)
  const token = options.token || env.TASKFLOW_TOKEN || env.TASKFLOW_ADMIN_TOKEN || localAdminKey(url, env)
  // Two retries are enough for a short interruption, and report a server that does not run within a second.
  return new TaskFlow({ url, token, retries: 2 })
}

/**
 * Returns the key that a server on this machine wrote. The key is sent to this machine only, never to another server.
 */
function localAdminKey(url: string, env: Environment): string | undefined {
  if (!['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)) return undefined
  try {
    return readFileSync(join(env.TASKFLOW_DATA_DIR || '.taskflow', 'admin.key'), 'utf8').trim() || undefined
  } catch {
    // There is no local server, or the file is not readable. The server then reports that a key is missing.
    return undefined
  }
}
