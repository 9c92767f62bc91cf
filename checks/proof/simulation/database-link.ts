import type { Database, Lane, Statement } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'
import type { DatabaseServer } from './database-server.ts'
import type { Host } from './host.ts'
import { type Fate, type Network, PATIENCE_MS } from './network.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

type Row = Record<string, unknown>
type AnyStatement = Statement<readonly unknown[], Row>

/** A statement that the database has run, whether or not its caller receives the answer. */
export interface Done {
  readonly host: Host
  readonly name: string
  readonly params: readonly unknown[]
  readonly rows: readonly Row[]
}

export interface DatabaseLinks {
  /** Returns the database as one process reaches it over the network. */
  of(host: Host): Database
  /** While true, every call is refused and no listener receives notifications. */
  isUnavailable: boolean
  /**
   * Drops the notifications to a process for `ms`; then its listeners are called, since something may have happened.
   */
  dropNotifications(host: Host, ms: number): void
  /** Calls the listeners of a process, as after a new connection, since something may have happened. */
  reconnect(host: Host): void
  /** Sends a notification of the server to every listener. */
  notify(channel: string, payload: string): void
}

interface Deps {
  readonly world: World
  readonly server: DatabaseServer
  readonly network: Network
  readonly story: Story
  onDone(done: Done): void
}

type Listener = (payload: string) => void

const unavailable = (why: string): TaskFlowError =>
  new TaskFlowError('DATABASE_UNAVAILABLE', `The database does not answer (${why})`, { cause: new Error(why) })

// The time in which a process notices that its connection is lost and opens another.
const RECONNECT_MS = 120

export function databaseLinks({ world, server, network, story, onDone }: Deps): DatabaseLinks {
  const listeners = new Map<Host, Map<string, Set<Listener>>>()
  const droppedUntil = new Map<Host, number>()
  let isUnavailable = false

  function fateOf(host: Host): Fate {
    if (network.isCut(host)) return { kind: 'never sent', refusedMs: PATIENCE_MS }
    return isUnavailable ? { kind: 'never sent', refusedMs: 1 } : network.fate()
  }

  function dropsNotifications(host: Host): boolean {
    return isUnavailable || network.isCut(host) || world.nowMs < (droppedUntil.get(host) ?? 0)
  }

  function notifyHost(host: Host, channel: string, payload: string): void {
    if (dropsNotifications(host)) return
    for (const ms of network.copies())
      host.receive(ms, () => {
        for (const listener of listeners.get(host)?.get(channel) ?? []) listener(payload)
      })
  }

  function callListeners(host: Host): void {
    host.receive(RECONNECT_MS, () => {
      for (const each of listeners.get(host)?.values() ?? []) for (const listener of each) listener('')
    })
  }

  function linkOf(host: Host): Database {
    const lanes = new Map<Lane, Promise<unknown>>()

    function send<Result>(what: string, does: () => Promise<Result>): Promise<Result> {
      const fate = fateOf(host)
      return new Promise<Result>((resolve, reject) => {
        const refuse = (ms: number, why: string): void =>
          host.receive(ms, () => {
            story.write(host.name, `receives no answer to ${what}: ${why}`)
            reject(unavailable(why))
          })
        if (fate.kind === 'never sent') return refuse(fate.refusedMs, 'it was never sent')
        if (fate.kind === 'done, not answered') refuse(fate.refusedMs, 'the answer was lost')
        world.after(fate.outMs, async () => {
          if (isUnavailable) {
            if (fate.kind === 'answered') refuse(1, 'the database became unavailable')
            return
          }
          const answer = await does().then(
            (result) => () => resolve(result),
            (error: unknown) => () => reject(error),
          )
          if (fate.kind !== 'answered') return
          if (network.isCut(host)) refuse(PATIENCE_MS, 'the answer was lost')
          else host.receive(fate.backMs, answer)
        })
      })
    }

    async function execute({ name, ...rest }: AnyStatement, params: readonly unknown[]): Promise<Row[]> {
      const rows = await server.run({ name, ...rest }, params, world.nowMs)
      onDone({ host, name, params, rows })
      return rows
    }

    /** Statements of one lane share a connection: each is sent when the one before is answered. */
    function inLane<Result>(lane: Lane | undefined, call: () => Promise<Result>): Promise<Result> {
      if (lane === undefined) return call()
      const result = (lanes.get(lane) ?? Promise.resolve()).then(call)
      lanes.set(
        lane,
        result.catch(() => {}),
      )
      return result
    }

    return {
      engine: 'postgres',
      run(statement, params) {
        const any = statement as unknown as AnyStatement
        return inLane(statement.lane, () => send(statement.name, () => execute(any, params))) as Promise<never[]>
      },
      transaction: (work) =>
        send('a transaction', async () => {
          await server.setTime(world.nowMs)
          return server.transaction(work)
        }),
      async listen(channel, listener) {
        const channels = listeners.get(host) ?? new Map<string, Set<Listener>>()
        listeners.set(host, channels)
        channels.set(channel, (channels.get(channel) ?? new Set()).add(listener))
        return async () => void channels.get(channel)?.delete(listener)
      },
      async close() {},
    }
  }

  return {
    of: linkOf,
    get isUnavailable() {
      return isUnavailable
    },
    set isUnavailable(next) {
      if (isUnavailable && !next) for (const host of listeners.keys()) callListeners(host)
      isUnavailable = next
    },
    dropNotifications(host, ms) {
      droppedUntil.set(host, world.nowMs + ms)
      world.after(ms, () => callListeners(host))
    },
    reconnect: callListeners,
    notify(channel, payload) {
      for (const host of listeners.keys()) notifyHost(host, channel, payload)
    },
  }
}
