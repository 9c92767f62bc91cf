import { type Clock, hasCode, TaskFlowError, withinTime } from '@taskflow/kernel'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Script } from './scripts.ts'

interface Options {
  readonly url: string
  readonly clock: Clock
}

export type Client = Redis | Cluster

/** One Redis server or cluster, as this process sees it. Nothing of it reaches for the network before its first call. */
export interface RedisInstance {
  /** Completes "… does not answer"; without the password. */
  readonly name: string
  /** Whether a script may touch one slot only. */
  isCluster(): Promise<boolean>
  call<Result>(command: (client: Client) => Promise<Result>): Promise<Result>
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>
  /** A connection of its own to one server, for whoever listens; its errors are its own to notice. */
  openAnother(): Promise<Redis>
  close(): Promise<void>
}

// Of one call, and of silence on a connection that owes an answer: a server may be gone without a word.
const PATIENCE_MS = 2_000
const LONGEST_PAUSE_MS = 1_000

const CONNECTION = {
  connectionName: 'taskflow',
  lazyConnect: true,
  connectTimeout: PATIENCE_MS,
  socketTimeout: PATIENCE_MS,
  // How long the end of one that is silent takes.
  disconnectTimeout: 500,
  // What was under way when a connection broke fails with it: its caller decides, and a take is not to run for nobody.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // Subscribing again on its own, the client leaves a failure of that unhandled, and the process ends.
  autoResubscribe: false,
  // A server that still loads its data answers so itself.
  enableReadyCheck: false,
  // Its name leads to another server by now.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
} as const satisfies RedisOptions

const pauseMs = (attempts: number): number => Math.min(25 * 2 ** attempts, LONGEST_PAUSE_MS)

/** Between two attempts to connect, and when closed: a call would only wait. */
const AWAY: ReadonlySet<string> = new Set(['reconnecting', 'close', 'end'])

export function redisInstance({ url, clock }: Options): RedisInstance {
  const seed = new Redis(url, { ...CONNECTION, retryStrategy: pauseMs })
  const name = `Redis at ${seed.options.host}:${seed.options.port}`
  let cluster: Cluster | undefined
  let opening: Promise<Client> | undefined
  let opened = 0
  // Tells more than what a call is rejected with once the connection is gone.
  let lastError: unknown
  seed.on('error', keepError).on('ready', forgetError)

  function keepError(error: unknown): void {
    lastError = error
  }

  function forgetError(): void {
    lastError = undefined
  }

  async function client(): Promise<Client> {
    if (AWAY.has((cluster ?? seed).status)) throw lastError ?? new Error('the connection is closed')
    if (cluster) return cluster
    opening ??= open().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  /** The server itself tells whether it is one node of a cluster. */
  async function open(): Promise<Client> {
    const info = await seed.info('cluster')
    if (!info.includes('cluster_enabled:1')) return seed
    cluster = openCluster(seed.options)
    cluster.on('error', keepError).on('node error', keepError).on('ready', forgetError)
    seed.disconnect()
    return cluster
  }

  async function call<Result>(command: (client: Client) => Promise<Result>): Promise<Result> {
    try {
      return await withinTime(client().then(command), { clock, ms: PATIENCE_MS, what: name })
    } catch (error) {
      throw unavailable(name, error, lastError)
    }
  }

  return {
    name,
    call,
    isCluster: () => call(async (client) => client instanceof Cluster),
    run: (script, keys, args) =>
      call((client) =>
        client.evalsha(script.sha, keys.length, ...keys, ...args).catch((error: Error) => {
          // It was restarted, or forgot its scripts.
          if (!error.message.startsWith('NOSCRIPT')) throw error
          return client.eval(script.text, keys.length, ...keys, ...args)
        }),
      ),
    /** In a cluster to any node: word that is published at one is heard at all. */
    openAnother: () =>
      call(async (client) => {
        const nodes = client instanceof Cluster ? client.nodes('master') : []
        // Another one each time, for the one before may be gone.
        const server = nodes[opened++ % nodes.length] ?? seed
        return server.duplicate({ ...CONNECTION, connectionName: 'taskflow-listener', retryStrategy: null })
      }),
    async close() {
      await Promise.all([end(seed, clock), cluster && end(cluster, clock)])
    },
  }
}

function openCluster({ host = '', port = 0, username, password, tls }: RedisOptions): Cluster {
  return new Cluster([{ host, port }], {
    lazyConnect: true,
    clusterRetryStrategy: pauseMs,
    // A node says itself when it has handed on a slot. The client's timer for this may outlive it.
    slotsRefreshInterval: 0,
    // The name is left to whoever connects: a certificate is for the name, not for its address.
    dnsLookup: (address, callback) => callback(null, address),
    redisOptions: { ...CONNECTION, username, password, tls },
  })
}

/** Whatever Redis says, it serves us not; PostgreSQL serves everybody meanwhile. The cause is for the operator. */
function unavailable(name: string, error: unknown, lastError: unknown): TaskFlowError {
  if (hasCode(error, 'BROKER_UNAVAILABLE')) return error
  const cause = (isOfConnection(error) ? (lastError ?? error) : error) as Error & { command?: unknown; code?: string }
  // What was sent: thousands of ids, or a password.
  delete cause.command
  return new TaskFlowError('BROKER_UNAVAILABLE', `${name} does not answer: ${cause.message || cause.code}`, { cause })
}

const isOfConnection = (error: unknown): boolean =>
  error instanceof Error && /^(Connection is closed|Reached the max retries)/.test(error.message)

async function end(client: Client, clock: Clock): Promise<void> {
  const over = new AbortController()
  client.once('end', () => over.abort())
  const isUnavailable = AWAY.has(client.status)
  client.disconnect()
  // Of one that is not connected no end is told, and one whose server is silent waits long for it.
  if (!isUnavailable) await clock.sleep(PATIENCE_MS, over.signal)
}
