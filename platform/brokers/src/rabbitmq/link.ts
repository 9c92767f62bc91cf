import { type Clock, hasCode, TaskFlowError, withinTime } from '@taskflow/kernel'
import { type Channel, Connection } from 'rabbitmq-client'

// RabbitMQ answers in milliseconds; beyond this whoever asks is better served by PostgreSQL.
const CALL_MS = 2_000
// A connection that is silent for two of these is dead: noticed within 10 s.
const HEARTBEAT_S = 4
const RECONNECT_MS = { retryLow: 100, retryHigh: 1_000 }
const GOODBYE_MS = 1_000

/** One connection, opened when it is first needed, and again for ever whenever it breaks. */
export interface Link {
  /** A channel for the caller alone, until it closes or the connection breaks. */
  openChannel(): Promise<Channel>
  /** Bounds a call in time. @throws BROKER_UNAVAILABLE for whatever it fails with */
  ask<Result>(call: () => Promise<Result>): Promise<Result>
  /** RabbitMQ gives back by itself what is not acknowledged. */
  close(): Promise<void>
}

interface LinkOptions {
  readonly url: string
  readonly clock: Pick<Clock, 'sleep'>
  /** What an operator sees in RabbitMQ's list of connections. */
  readonly name: string
}

/**
 * While the connection is known to be broken, calls are refused at once: each
 * would only wait for its own time-out. The same while RabbitMQ blocks the
 * connection for want of memory or disk, as it does to those that publish.
 */
export function openLink({ url, clock, name }: LinkOptions): Link {
  const address = withDefaults(url)
  const channels = new Set<Channel>()
  let connection: Connection | undefined
  let connected: Promise<void> = Promise.resolve()
  let refusal: TaskFlowError | undefined

  function connect(): Connection {
    const opened = new Connection({
      url: address,
      connectionName: name,
      heartbeat: HEARTBEAT_S,
      noDelay: true,
      connectionTimeout: CALL_MS,
      acquireTimeout: CALL_MS,
      ...RECONNECT_MS,
    })
    const first = Promise.withResolvers<void>()
    connected = first.promise
    connected.catch(() => {})
    opened.on('connection', () => {
      refusal = undefined
      first.resolve()
      connected = Promise.resolve()
    })
    opened.on('error', (error) => {
      refusal = unavailable(error)
      first.reject(error)
    })
    opened.on('connection.blocked', (reason) => {
      refusal = unavailable(new Error(`it accepts nothing to publish: ${reason}`))
    })
    opened.on('connection.unblocked', () => {
      refusal = undefined
    })
    return opened
  }

  async function ask<Result>(call: () => Promise<Result>): Promise<Result> {
    if (refusal) throw refusal
    try {
      return await withinTime(call(), { clock, ms: CALL_MS, what: 'RabbitMQ' })
    } catch (error) {
      // Where the connection broke, that says more than what became of the call.
      throw refusal ?? unavailable(error)
    }
  }

  async function acquire(): Promise<Channel> {
    connection ??= connect()
    await connected
    const channel = await connection.acquire({ emitErrorsFromChannel: true })
    // What closed a channel is told to whoever waits for an answer on it.
    channel.on('error', () => {})
    channels.add(channel)
    channel.once('close', () => channels.delete(channel))
    return channel
  }

  return {
    ask,
    async openChannel() {
      let acquired: Promise<Channel> | undefined
      try {
        return await ask(() => {
          acquired = acquire()
          return acquired
        })
      } catch (error) {
        // Should it come after all, nobody would ever close it.
        acquired?.then(
          (channel) => channel.close(),
          () => {},
        )
        throw error
      }
    },
    async close() {
      refusal = unavailable(new Error('it is not in use any more'))
      if (!connection) return
      const closing = connection
      const goodbye = Promise.all([...channels].map((channel) => channel.close())).then(() => closing.close())
      // One that does not answer is left without a goodbye.
      await withinTime(goodbye, { clock, ms: GOODBYE_MS, what: 'RabbitMQ' }).catch(() => {})
      closing.unsafeDestroy()
    },
  }
}

function unavailable(cause: unknown): TaskFlowError {
  if (hasCode(cause, 'BROKER_UNAVAILABLE')) return cause
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new TaskFlowError('BROKER_UNAVAILABLE', `RabbitMQ is unavailable: ${reason}`, { cause })
}

/** The user `guest` where the address names none, as every client of RabbitMQ but this one has it. */
function withDefaults(url: string): string {
  const address = new URL(url)
  if (address.username === '') Object.assign(address, { username: 'guest', password: 'guest' })
  return address.href
}
