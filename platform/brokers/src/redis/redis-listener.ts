import { type Clock, withinTime } from '@taskflow/kernel'
import type { Redis } from 'ioredis'
import type { RedisInstance } from './redis-instance.ts'

/**
 * Receives notifications of new tasks, on a separate connection.
 *
 * Notifications may be lost at any moment, with the connection. Consumers that wait therefore poll too, and poll at once
 * when the connection is established or restored.
 */
export interface RedisListener {
  /** Whether notifications arrive. While they do not, only polling finds tasks. */
  readonly isReceiving: boolean
  /** Calls back when one of these subqueues has, or may have, new tasks. Returns a function that unsubscribes. */
  listen(subqueues: ReadonlySet<string>, notify: () => void): () => void
  close(): Promise<void>
}

interface Options {
  readonly instance: RedisInstance
  readonly clock: Clock
}

// A connection that fails silently is noticed within twice this time; consumers poll meanwhile.
const PING_MS = 3_000
const RETRY_MS = 500

export function redisListener({ instance, clock }: Options): RedisListener {
  const channels = new Set<string>()
  const subscribers = new Set<(subqueue?: string) => void>()
  const closing = new AbortController()
  let connection: Redis | undefined
  let isReceiving = false
  let listening: Promise<void> | undefined

  /** Reports new tasks in this subqueue; without one, that any subqueue may have some. */
  function notifyAll(subqueue?: string): void {
    for (const notify of subscribers) notify(subqueue)
  }

  const answered = <Result>(call: Promise<Result>): Promise<Result> =>
    withinTime(call, { clock, ms: PING_MS, what: instance.name })

  async function keepReceiving(): Promise<void> {
    while (!closing.signal.aborted) {
      // Takes report what is wrong with Redis; without notifications they poll.
      await receive().catch(() => {})
      await clock.sleep(RETRY_MS, closing.signal)
    }
  }

  /** Receives notifications until the connection breaks or does not answer. */
  async function receive(): Promise<void> {
    const client = await instance.openAnother()
    const over = new AbortController()
    client.on('error', () => {})
    client.on('message', (subqueue) => notifyAll(subqueue))
    client.once('end', () => over.abort())
    const awake = AbortSignal.any([closing.signal, over.signal])
    connection = client
    try {
      await answered(client.connect())
      // Set before the subscription: channels that are requested meanwhile are not in this list.
      isReceiving = true
      await subscribe(client, [...channels])
      while (!awake.aborted) {
        await clock.sleep(PING_MS, awake)
        if (!awake.aborted) await answered(client.ping())
      }
    } finally {
      isReceiving = false
      client.disconnect()
      // Consumers that wait learn at once that Redis may be unavailable.
      notifyAll()
    }
  }

  async function subscribe(client: Redis, fresh: readonly string[]): Promise<void> {
    await answered(client.subscribe(...fresh))
    notifyAll()
  }

  function subscribeTo(fresh: readonly string[]): void {
    if (fresh.length === 0) return
    for (const channel of fresh) channels.add(channel)
    listening ??= keepReceiving()
    const client = connection
    if (client && isReceiving) subscribe(client, fresh).catch(() => client.disconnect())
  }

  return {
    get isReceiving() {
      return isReceiving
    },
    listen(subqueues, notify) {
      subscribeTo([...subqueues].filter((subqueue) => !channels.has(subqueue)))
      const onNotification = (subqueue?: string): void => {
        if (subqueue === undefined || subqueues.has(subqueue)) notify()
      }
      subscribers.add(onNotification)
      return () => void subscribers.delete(onNotification)
    },
    async close() {
      closing.abort()
      connection?.disconnect()
      await listening
    },
  }
}
