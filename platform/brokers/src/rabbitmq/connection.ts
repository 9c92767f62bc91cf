import { once } from 'node:events'
import { type Clock, hasCode, TaskFlowError, withinTime } from '@taskflow/kernel'
import { type Channel, Connection } from 'rabbitmq-client'

// RabbitMQ answers in milliseconds. After this time PostgreSQL serves the caller better.
const CALL_MS = 2_000
// Both sides end a connection that is silent for two intervals, so a loss is detected within 10 s.
const HEARTBEAT_S = 4
const CLOSE_MS = 1_000

/** One connection, opened when it is first needed, and reopened whenever it breaks. */
export interface RabbitmqConnection {
  openChannel(): Promise<Channel>
  /** Returns a function that opens and prepares a channel on its first call, and again once that channel has closed. */
  reopening(prepare: (channel: Channel) => Promise<void>): () => Promise<Channel>
  /** Bounds a call in time. @throws BROKER_UNAVAILABLE for every failure */
  call<Result>(run: () => Promise<Result>): Promise<Result>
  /** Closes all channels, upon which RabbitMQ returns what is not acknowledged to its queues. */
  close(): Promise<void>
}

interface Options {
  readonly url: string
  readonly clock: Pick<Clock, 'sleep'>
  /** The name that RabbitMQ shows in its list of connections. */
  readonly name: string
}

/**
 * Refuses calls at once while the connection is known to be broken, since each would only wait for its own time limit;
 * also while RabbitMQ blocks the connection because memory or disk run low, as it does to connections that publish.
 */
export function openConnection({ url, clock, name }: Options): RabbitmqConnection {
  const channels = new Set<Channel>()
  let client: Connection | undefined
  /** Rejects if the first attempt to connect fails. Later failures are in `refusal`. */
  let connected: Promise<unknown> = Promise.resolve()
  let refusal: TaskFlowError | undefined

  function refuse(reason: unknown): void {
    refusal = unavailable(reason)
  }

  function accept(): void {
    refusal = undefined
    connected = Promise.resolve()
  }

  function connect(): Connection {
    const opened = new Connection({
      url: withUser(url),
      connectionName: name,
      heartbeat: HEARTBEAT_S,
      noDelay: true,
      connectionTimeout: CALL_MS,
      acquireTimeout: CALL_MS,
      retryLow: 100,
      retryHigh: 1_000,
    })
    connected = once(opened, 'connection')
    connected.catch(() => {})
    opened.on('connection', accept).on('connection.unblocked', accept).on('error', refuse)
    opened.on('connection.blocked', (reason) => refuse(new Error(`it accepts no publications: ${reason}`)))
    return opened
  }

  async function call<Result>(run: () => Promise<Result>): Promise<Result> {
    if (refusal) throw refusal
    try {
      return await withinTime(run(), { clock, ms: CALL_MS, what: 'RabbitMQ' })
    } catch (error) {
      // The reason why the connection broke says more than the failure of the call.
      throw refusal ?? unavailable(error)
    }
  }

  async function acquire(): Promise<Channel> {
    client ??= connect()
    await connected
    const channel = await client.acquire({ emitErrorsFromChannel: true })
    // The call that made RabbitMQ close the channel is rejected with the reason.
    channel.on('error', () => {})
    channels.add(channel)
    channel.once('close', () => channels.delete(channel))
    return channel
  }

  async function openChannel(): Promise<Channel> {
    let acquired: Promise<Channel> | undefined
    try {
      return await call(() => {
        acquired = acquire()
        return acquired
      })
    } catch (error) {
      // Nobody else would close a channel that opens after the time limit.
      acquired?.then(
        (channel) => channel.close(),
        () => {},
      )
      throw error
    }
  }

  return {
    call,
    openChannel,
    reopening(prepare) {
      let channel: Channel | undefined
      let opening: Promise<Channel> | undefined
      async function open(): Promise<Channel> {
        const opened = await openChannel()
        channel = opened
        await call(() => prepare(opened)).catch((error: unknown) => {
          void opened.close()
          throw error
        })
        return opened
      }
      return () => {
        // The event `close` of a channel that is being closed may come seconds later.
        if (channel?.active === false) channel = opening = undefined
        opening ??= open().catch((error: unknown) => {
          opening = undefined
          throw error
        })
        return opening
      }
    },
    async close() {
      refuse(new Error('the connection is closed'))
      if (!client) return
      const closing = client
      const closed = Promise.all([...channels].map((channel) => channel.close())).then(() => closing.close())
      // If the server does not answer, the connection is destroyed without a proper close.
      await withinTime(closed, { clock, ms: CLOSE_MS, what: 'RabbitMQ' }).catch(() => {})
      closing.unsafeDestroy()
    },
  }
}

function unavailable(cause: unknown): TaskFlowError {
  if (hasCode(cause, 'BROKER_UNAVAILABLE')) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TaskFlowError('BROKER_UNAVAILABLE', `RabbitMQ is unavailable: ${reason}`, { cause })
}

/** Adds the user `guest` to an address without a user, as other clients of RabbitMQ do. */
function withUser(url: string): string {
  const address = new URL(url)
  if (address.username === '') Object.assign(address, { username: 'guest', password: 'guest' })
  return address.href
}
