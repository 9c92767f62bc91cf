import { type Clock, withinTime } from '@taskflow/kernel'
import type { Redis } from 'ioredis'
import type { RedisInstance } from './redis-instance.ts'

/**
 * Hears word of new tasks, on a connection of its own.
 *
 * Word may be lost at any moment, with the connection, so whoever waits also
 * polls; and looks at once when the connection is there, or there again.
 */
export interface RedisListener {
  /** Whether word comes. While it does not, only polling tells. */
  readonly isHearing: boolean
  /** Tells when one of these lines has new tasks, or may have, until what it returns is called. */
  listen(lines: ReadonlySet<string>, tell: () => void): () => void
  close(): Promise<void>
}

interface Options {
  readonly instance: RedisInstance
  readonly clock: Clock
}

// A connection that died without a word is noticed within twice that; a taker polls meanwhile.
const PING_MS = 3_000
const RETRY_MS = 500

export function redisListener({ instance, clock }: Options): RedisListener {
  const channels = new Set<string>()
  const everybody = new Set<(line?: string) => void>()
  const closing = new AbortController()
  let connection: Redis | undefined
  let isHearing = false
  let listening: Promise<void> | undefined

  /** Of new tasks in this line; or, without one, that any may have some. */
  function tellEverybody(line?: string): void {
    for (const tell of everybody) tell(line)
  }

  const answered = <Result>(call: Promise<Result>): Promise<Result> =>
    withinTime(call, { clock, ms: PING_MS, what: instance.name })

  async function keepHearing(): Promise<void> {
    while (!closing.signal.aborted) {
      // What is wrong with Redis is told to whoever takes; without word they poll.
      await hear().catch(() => {})
      await clock.sleep(RETRY_MS, closing.signal)
    }
  }

  /** Until the connection breaks, or does not answer. */
  async function hear(): Promise<void> {
    const client = await instance.openAnother()
    const over = new AbortController()
    client.on('error', () => {})
    client.on('message', (line) => tellEverybody(line))
    client.once('end', () => over.abort())
    const awake = AbortSignal.any([closing.signal, over.signal])
    connection = client
    try {
      await answered(client.connect())
      // Before it subscribes: what is asked for meanwhile is not in this list.
      isHearing = true
      await subscribe(client, [...channels])
      while (!awake.aborted) {
        await clock.sleep(PING_MS, awake)
        if (!awake.aborted) await answered(client.ping())
      }
    } finally {
      isHearing = false
      client.disconnect()
      // Whoever waits learns at once that Redis may be away.
      tellEverybody()
    }
  }

  async function subscribe(client: Redis, fresh: readonly string[]): Promise<void> {
    await answered(client.subscribe(...fresh))
    tellEverybody()
  }

  function subscribeTo(fresh: readonly string[]): void {
    if (fresh.length === 0) return
    for (const channel of fresh) channels.add(channel)
    listening ??= keepHearing()
    const client = connection
    if (client && isHearing) subscribe(client, fresh).catch(() => client.disconnect())
  }

  return {
    get isHearing() {
      return isHearing
    },
    listen(lines, tell) {
      subscribeTo([...lines].filter((line) => !channels.has(line)))
      const hear = (line?: string): void => {
        if (line === undefined || lines.has(line)) tell()
      }
      everybody.add(hear)
      return () => void everybody.delete(hear)
    },
    async close() {
      closing.abort()
      connection?.disconnect()
      await listening
    },
  }
}
