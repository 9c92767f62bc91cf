import { type Clock, hasCode, TaskFlowError, withinTime } from '@taskflow/kernel'
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import type { Script } from './scripts.ts'

interface Options {
  readonly url: string
  readonly clock: Clock
}

export type Client = Redis | Cluster

/** One Redis server or cluster. It opens no connection before the first call. */
export interface RedisInstance {
  /** The subject of "… does not answer", without the password. */
  readonly name: string
  /** Whether a script may access only one slot. */
  isCluster(): Promise<boolean>
  call<Result>(command: (client: Client) => Promise<Result>): Promise<Result>
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>
  /** Opens a separate connection to one server, for a listener, which handles its errors. */
  openAnother(): Promise<Redis>
  close(): Promise<void>
}

// The limit of one call, and of silence on a connection that owes an answer: a server may vanish without closing it.
const PATIENCE_MS = 2_000
const LONGEST_PAUSE_MS = 1_000

const CONNECTION = {
  connectionName: 'taskflow',
  lazyConnect: true,
  connectTimeout: PATIENCE_MS,
  socketTimeout: PATIENCE_MS,
  // The time to wait before a silent connection is destroyed.
  disconnectTimeout: 500,
  // A broken connection fails the calls under way: their caller decides, and no take may run whose caller has left.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // When the client resubscribes by itself, it leaves a failure unhandled, which ends the process.
  autoResubscribe: false,
  // A server that still loads its data says so in its answers.
  enableReadyCheck: false,
  // After a failover, the same name resolves to another server.
  reconnectOnError: (error) => error.message.startsWith('READONLY'),
} as const satisfies RedisOptions

const pauseMs = (attempts: number): number => Math.min(25 * 2 ** attempts, LONGEST_PAUSE_MS)

/** The states between two attempts to connect, and after close: a call would only wait. */
const UNAVAILABLE: ReadonlySet<string> = new Set(['reconnecting', 'close', 'end'])

export function redisInstance({ url, clock }: Options): RedisInstance {
  const seed = new Redis(url, { ...CONNECTION, retryStrategy: pauseMs })
  const name = `Redis at ${seed.options.host}:${seed.options.port}`
  let cluster: Cluster | undefined
  let opening: Promise<Client> | undefined
  let opened = 0
  // It explains more than the rejection of a call whose connection is gone.
  let lastError: unknown
  seed.on('error', keepError).on('ready', forgetError)

  function keepError(error: unknown): void {
    lastError = error
  }

  function forgetError(): void {
    lastError = undefined
  }

  async function client(): Promise<Client> {
    if (UNAVAILABLE.has((cluster ?? seed).status)) throw lastError ?? new Error('the connection is closed')
    if (cluster) return cluster
    opening ??= open().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }

  /** Asks the server whether it is a node of a cluster. */
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
          // The server was restarted, or its scripts were flushed.
          if (!error.message.startsWith('NOSCRIPT')) throw error
          return client.eval(script.text, keys.length, ...keys, ...args)
        }),
      ),
    /** In a cluster, connects to any node: every node forwards what is published at one. */
    openAnother: () =>
      call(async (client) => {
        const nodes = client instanceof Cluster ? client.nodes('master') : []
        // Another node each time: the previous one may be unavailable.
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
    // A node reports itself that a slot has moved. The client's timer for this may outlive the client.
    slotsRefreshInterval: 0,
    // The connection resolves the name itself: a certificate is valid for the name, not for its address.
    dnsLookup: (address, callback) => callback(null, address),
    redisOptions: { ...CONNECTION, username, password, tls },
  })
}

/** Converts every error of Redis: PostgreSQL serves the takes meanwhile. The cause is for the operator. */
function unavailable(name: string, error: unknown, lastError: unknown): TaskFlowError {
  if (hasCode(error, 'BROKER_UNAVAILABLE')) return error
  const cause = (isConnectionError(error) ? (lastError ?? error) : error) as Error & {
    command?: unknown
    code?: string
  }
  // The command contains thousands of ids, or a password.
  delete cause.command
  return new TaskFlowError('BROKER_UNAVAILABLE', `${name} does not answer: ${cause.message || cause.code}`, { cause })
}

const isConnectionError = (error: unknown): boolean =>
  error instanceof Error && /^(Connection is closed|Reached the max retries)/.test(error.message)

async function end(client: Client, clock: Clock): Promise<void> {
  const over = new AbortController()
  client.once('end', () => over.abort())
  const isUnavailable = UNAVAILABLE.has(client.status)
  client.disconnect()
  // A client that is not connected emits no `end`. With a silent server, `end` comes late.
  if (!isUnavailable) await clock.sleep(PATIENCE_MS, over.signal)
}
