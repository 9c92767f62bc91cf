import pg from 'pg'
import { translateDatabaseError } from './database-error.ts'
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_DELAY_MS, LANE_PATIENCE } from './database-timeouts.ts'

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

// Nothing is ever sent on this connection, so without a question now and then a network that swallows what the
// server says would pass for silence.
const PING_PAUSE_MS = 5_000
const PING_TIMEOUT_MS = 3_000

const GOODBYE_MS = 1_000

/**
 * LISTEN for any number of channels on one connection, which comes back when it is lost.
 * What was notified meanwhile is gone, so each listener is then called once with an empty payload:
 * something may have happened.
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
      query_timeout: LANE_PATIENCE.queryMs,
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
    // Only from here on: a connection that breaks before is reported by the rejection, and must not come back twice.
    fresh.once('end', () => scheduleReconnect(FIRST_PAUSE_MS))
    schedulePing(fresh)
    return fresh
  }

  function schedulePing(open: pg.Client): void {
    if (isClosed) return
    ping = setTimeout(() => {
      const question = { text: 'select 1', query_timeout: PING_TIMEOUT_MS } as pg.QueryConfig
      open.query(question).then(
        () => schedulePing(open),
        // It ends at once with a question on its way, and what follows its end is above.
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
        // None while it is away: the reconnection will listen to this channel too.
        const open = await client
        if (open && !known) await open.query(`listen ${pg.escapeIdentifier(channel)}`)
      } catch (error) {
        all.delete(listener)
        // A channel that was refused must not be asked for again at each reconnection.
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
      // Over a network that swallows what is sent no goodbye is answered.
      const impatience = setTimeout(() => open.connection.stream.destroy(), GOODBYE_MS)
      await open.end().catch(onError)
      clearTimeout(impatience)
    },
  }
}
