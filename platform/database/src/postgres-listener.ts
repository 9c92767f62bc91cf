import pg from 'pg'
import { connectionOf } from './connection.ts'
import { translateDatabaseError } from './database-error.ts'
import { CONNECT_TIMEOUT_MS, KEEP_ALIVE_DELAY_MS, LANE_TIMEOUTS } from './database-timeouts.ts'
import { startupOptions } from './session-settings.ts'

type Listener = (payload: string) => void

interface Options {
  readonly url: string
  onError(error: unknown): void
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

// This connection sends nothing, so only a ping shows that the network has begun to drop packets, or that the server
// will send no notification any more.
const PING_PAUSE_MS = 5_000
const PING_TIMEOUT_MS = 3_000

const CLOSE_TIMEOUT_MS = 1_000

// A role may have shorter ones. This session idles for as long as the process runs.
const SETTINGS = { statement_timeout: String(LANE_TIMEOUTS.statementMs), idle_session_timeout: '0' }

/**
 * Listens to any number of channels on one connection and reconnects when the connection is lost, or when its server no
 * longer accepts writes: notifications come only from the primary, and a former primary may keep its connections. The
 * notifications sent in between are lost, so after a reconnection each listener is called once with an empty payload:
 * something may have changed.
 */
export class PostgresListener {
  readonly #options: Options
  readonly #listeners = new Map<string, Set<Listener>>()
  #client: Promise<pg.Client> | undefined
  #isClosed = false
  #reconnection: ReturnType<typeof setTimeout> | undefined
  #ping: ReturnType<typeof setTimeout> | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** Resolves with a function that removes the listener. */
  async listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
    const known = this.#listeners.get(channel)
    const all = known ?? new Set()
    this.#listeners.set(channel, all.add(listener))
    try {
      if (this.#client === undefined && this.#reconnection === undefined) this.#client = this.#connect()
      // Undefined during an outage: the reconnection will listen to this channel too.
      const open = await this.#client
      if (open && !known) await open.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      all.delete(listener)
      // A reconnection must not repeat a LISTEN that the server rejected.
      if (all.size === 0) this.#listeners.delete(channel)
      throw translateDatabaseError(error)
    }
    return async () => {
      all.delete(listener)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#reconnection)
    clearTimeout(this.#ping)
    const open = await this.#client?.catch(() => undefined)
    if (open) await this.#end(open)
  }

  async #connect(): Promise<pg.Client> {
    const { url, onError } = this.#options
    const fresh = new pg.Client({
      ...connectionOf(url, startupOptions(SETTINGS)),
      application_name: 'taskflow listener',
      keepAlive: true,
      keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      query_timeout: LANE_TIMEOUTS.queryMs,
    })
    fresh.on('notification', ({ channel, payload = '' }) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(payload)
    })
    fresh.on('error', onError)
    try {
      await fresh.connect()
      await checkWritable(fresh)
      for (const channel of this.#listeners.keys()) await fresh.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      this.#client = undefined
      fresh.end().catch(onError)
      throw error
    }
    // Registered only now: the rejection reports a connection that breaks earlier, which must not cause two
    // reconnections.
    fresh.once('end', () => this.#reconnectAfter(FIRST_PAUSE_MS))
    this.#pingLater(fresh)
    return fresh
  }

  #pingLater(open: pg.Client): void {
    if (this.#isClosed) return
    this.#ping = setTimeout(() => {
      checkWritable(open).then(
        () => this.#pingLater(open),
        // The end of the connection schedules the reconnection.
        (error: unknown) => {
          this.#options.onError(error)
          return this.#end(open)
        },
      )
    }, PING_PAUSE_MS)
  }

  #reconnectAfter(pauseMs: number): void {
    this.#client = undefined
    clearTimeout(this.#ping)
    if (this.#isClosed) return
    this.#reconnection = setTimeout(() => {
      this.#client = this.#connect()
      this.#client.then(
        () => {
          for (const each of this.#listeners.values()) for (const listener of each) listener('')
        },
        (error: unknown) => {
          this.#options.onError(error)
          this.#reconnectAfter(Math.min(LONGEST_PAUSE_MS, pauseMs * 2))
        },
      )
    }, pauseMs)
  }

  /** A network that drops packets would keep the end from being confirmed. */
  async #end(open: pg.Client): Promise<void> {
    const forced = setTimeout(() => open.connection.stream.destroy(), CLOSE_TIMEOUT_MS)
    await open.end().catch(this.#options.onError)
    clearTimeout(forced)
  }
}

const READ_ONLY = '25006'

/** Rejects, as a write would, if the server is a standby, or a former primary that only allows reads. */
async function checkWritable(client: pg.Client): Promise<void> {
  const query = { text: 'show transaction_read_only', query_timeout: PING_TIMEOUT_MS } as pg.QueryConfig
  const { rows } = await client.query<{ transaction_read_only: string }>(query)
  if (rows[0]?.transaction_read_only === 'on')
    throw Object.assign(new Error('The server only allows reads'), { code: READ_ONLY })
}
