import type { Database, Lane, Statement } from '@taskflow/database'
import { TaskFlowError } from '@taskflow/kernel'
import type { DatabaseServer } from './database-server.ts'
import type { Host } from './host.ts'
import { type Fate, type Network, PATIENCE_MS } from './network.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

type Row = Record<string, unknown>
type AnyStatement = Statement<readonly unknown[], Row>

/** A statement that the database has done, whether or not its caller ever hears of it. */
export interface Done {
  readonly host: Host
  readonly name: string
  readonly params: readonly unknown[]
  readonly rows: readonly Row[]
}

export interface DatabaseLinks {
  /** The database, over the network, for one process. */
  of(host: Host): Database
  /** While it is away every call is refused, and every listener is deaf. */
  isAway: boolean
  /** What that process should hear is lost for so long; then it is told that something may have happened. */
  deafen(host: Host, ms: number): void
  /** Tells that process that something may have happened: its connection is a new one. */
  reconnect(host: Host): void
  /** Tells every listener of what the server announces. */
  announce(channel: string, payload: string): void
}

interface Deps {
  readonly world: World
  readonly server: DatabaseServer
  readonly network: Network
  readonly story: Story
  onDone(done: Done): void
}

type Listener = (payload: string) => void

const away = (why: string): TaskFlowError =>
  new TaskFlowError('DATABASE_UNAVAILABLE', `The database does not answer (${why})`, { cause: new Error(why) })

// How long a process takes to find that its connection is gone and to open another.
const RECONNECT_MS = 120

export function databaseLinks({ world, server, network, story, onDone }: Deps): DatabaseLinks {
  const ears = new Map<Host, Map<string, Set<Listener>>>()
  const deafUntil = new Map<Host, number>()
  let isAway = false

  function fateOf(host: Host): Fate {
    if (network.isCut(host)) return { kind: 'never sent', refusedMs: PATIENCE_MS }
    return isAway ? { kind: 'never sent', refusedMs: 1 } : network.fate()
  }

  function isDeaf(host: Host): boolean {
    return isAway || network.isCut(host) || world.nowMs < (deafUntil.get(host) ?? 0)
  }

  function tell(host: Host, channel: string, payload: string): void {
    if (isDeaf(host)) return
    for (const ms of network.copies())
      host.receive(ms, () => {
        for (const listener of ears.get(host)?.get(channel) ?? []) listener(payload)
      })
  }

  function hearAgain(host: Host): void {
    host.receive(RECONNECT_MS, () => {
      for (const each of ears.get(host)?.values() ?? []) for (const listener of each) listener('')
    })
  }

  function linkOf(host: Host): Database {
    const lanes = new Map<Lane, Promise<unknown>>()

    function send<Result>(what: string, does: () => Promise<Result>): Promise<Result> {
      const fate = fateOf(host)
      return new Promise<Result>((resolve, reject) => {
        const refuse = (ms: number, why: string): void =>
          host.receive(ms, () => {
            story.tell(host.name, `hears nothing of ${what}: ${why}`)
            reject(away(why))
          })
        if (fate.kind === 'never sent') return refuse(fate.refusedMs, 'it was never sent')
        if (fate.kind === 'done, not answered') refuse(fate.refusedMs, 'the answer was lost')
        world.after(fate.outMs, async () => {
          if (isAway) {
            if (fate.kind === 'answered') refuse(1, 'the database went away')
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

    /** Statements of one lane travel on one connection: the next leaves when the last is answered. */
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
        const channels = ears.get(host) ?? new Map<string, Set<Listener>>()
        ears.set(host, channels)
        channels.set(channel, (channels.get(channel) ?? new Set()).add(listener))
        return async () => void channels.get(channel)?.delete(listener)
      },
      async close() {},
    }
  }

  return {
    of: linkOf,
    get isAway() {
      return isAway
    },
    set isAway(next) {
      if (isAway && !next) for (const host of ears.keys()) hearAgain(host)
      isAway = next
    },
    deafen(host, ms) {
      deafUntil.set(host, world.nowMs + ms)
      world.after(ms, () => hearAgain(host))
    },
    reconnect: hearAgain,
    announce(channel, payload) {
      for (const host of ears.keys()) tell(host, channel, payload)
    },
  }
}
