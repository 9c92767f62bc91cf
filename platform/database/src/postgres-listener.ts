import pg from 'pg'
import { translateDatabaseError } from './database-error.ts'
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_DELAY_MS, LANE_TIMEOUTS } from './database-timeouts.ts'

type Listener = (payload: string) => void

interface Options {
  readonly url: string
  onError(error: unknown): void
}

export interface PostgresListener {
  listen(channel: string, listener: Listener): Promise<() => Promise<void>>
  close(): Promise<void>
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

// This connection sends nothing, so only a ping shows that the network has begun to drop packets.
const PING_PAUSE_MS = 5_000
const PING_TIMEOUT_MS = 3_000

const CLOSE_TIMEOUT_MS = 1_000

/**
 * Listens to any number of channels on one connection and reconnects when the connection is lost. The notifications
 * sent in between are lost, so after a reconnection each listener is called once with an empty payload: something may
 * have changed.
 */
export function postgresListener({ url, onError }: Options): PostgresListener {
  const listeners = new Map<string, Set<Listener>>()
  let client: Promise<pg.Client> | undefined
  let isClosed = false
  let reconnect: ReturnType<typeof setTimeout> | undefined
  let ping: ReturnType<typeof setTimeout> | undefined

  async function connect(): Promise<pg.Client> {
    const fresh = new pg.Client({
      connectionString: url,
      application_name: 'taskflow listener',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: LANE_TIMEOUTS.queryMs,
    })
    fresh.on('notification', ({ channel, payload = '' }) => {
      for (const listener of listeners.get(channel) ?? []) listener(payload)
    })
    fresh.on('error', onError)
    try {
      await fresh.connect()
      for (const channel of listeners.keys()) await fresh.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      client = undefined
      fresh.end().catch(onError)
      throw error
    }
    // Registered only now: the rejection reports a connection that breaks earlier, which must not cause two
    // reconnections.
    fresh.once('end', () => scheduleReconnect(FIRST_PAUSE_MS))
    schedulePing(fresh)
    return fresh
  }

  function schedulePing(open: pg.Client): void {
    if (isClosed) return
    ping = setTimeout(() => {
      const query = { text: 'select 1', query_timeout: PING_TIMEOUT_MS } as pg.QueryConfig
      open.query(query).then(
        () => schedulePing(open),
        // The end of the connection schedules the reconnection.
        () => open.end().catch(onError),
      )
    }, PING_PAUSE_MS)
  }

  function scheduleReconnect(pauseMs: number): void {
    client = undefined
    clearTimeout(ping)
    if (isClosed) return
    reconnect = setTimeout(() => {
      client = connect()
      client.then(
        () => {
          for (const each of listeners.values()) for (const listener of each) listener('')
        },
        (error: unknown) => {
          onError(error)
          scheduleReconnect(Math.min(LONGEST_PAUSE_MS, pauseMs * 2))
        },
      )
    }, pauseMs)
  }

  return {
    async listen(channel, listener) {
      const known = listeners.get(channel)
      const all = known ?? new Set()
      listeners.set(channel, all.add(listener))
      try {
        if (client === undefined && reconnect === undefined) client = connect()
        // Undefined during an outage: the reconnection will listen to this channel too.
        const open = await client
        if (open && !known) await open.query(`listen ${pg.escapeIdentifier(channel)}`)
      } catch (error) {
        all.delete(listener)
        // A reconnection must not repeat a LISTEN that the server rejected.
        if (all.size === 0) listeners.delete(channel)
        throw translateDatabaseError(error)
      }
      return async () => {
        all.delete(listener)
      }
    },
    async close() {
      isClosed = true
      clearTimeout(reconnect)
      clearTimeout(ping)
      const open = await client?.catch(() => undefined)
      if (!open) return
      // A network that drops packets would keep the end from being confirmed.
      const forced = setTimeout(() => open.connection.stream.destroy(), CLOSE_TIMEOUT_MS)
      await open.end().catch(onError)
      clearTimeout(forced)
    },
  }
}
