import type { Witness } from '@taskflow/testing/witness'
import type { Log } from '@taskflow/worker'
import type { BrokerServer } from './broker-server.ts'
import type { Chance } from './chance.ts'
import type { DatabaseLinks } from './database-link.ts'
import { simulatedChannels } from './handlers.ts'
import { type Host, newHost } from './host.ts'
import { assembleProcess, type Role, type Sabotage, type SimulatedProcess } from './process.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

interface Deps {
  readonly world: World
  readonly chance: Chance
  readonly story: Story
  readonly links: DatabaseLinks
  readonly broker: BrokerServer | undefined
  readonly sabotage: Sabotage
  witness(seen: Witness): void
  /** Returns how often a task has started before, in any process. */
  startsOf(taskId: string): number
  /** Called with each process before it starts. */
  onBorn(process: SimulatedProcess): void
}

/** The processes of a run, by name. Each process that ends is restarted, as a supervisor does. */
export interface Roster {
  start(name: string): void
  /** Kills a process as SIGKILL or a crash does. */
  kill(name: string, by: string, backAfterMs: number): void
  /** Stops a process as SIGTERM does. */
  stop(name: string, backAfterMs: number): void
  /** Returns the process of that name, while it is up. */
  find(name: string): SimulatedProcess | undefined
  readonly all: readonly SimulatedProcess[]
}

// The delay before the restart of a process that failed to start or was killed by a handler.
const RESTART_MS = 900

export function newRoster(deps: Deps): Roster {
  const { world, chance, story, links, broker, sabotage, witness, startsOf, onBorn } = deps
  const processes = new Map<string, SimulatedProcess>()
  let born = 0

  function start(name: string): void {
    const own = chance.of(`${name} ${++born}`)
    // The clock drifts by up to a thousandth, and is wrong from the start: by up to two seconds, or by an hour.
    const hours = own.of('hours').pick([0, 0, 0, -1, 1])
    const skewMs = (own.next() - 0.5) * 4_000 + hours * 3_600_000
    const host = newHost({ world, chance: own, name, rate: 0.999 + own.next() * 0.002, skewMs })
    const channels = simulatedChannels({
      world,
      host,
      story,
      witness,
      startsOf,
      onKillProcess: () => kill(name, 'a handler', RESTART_MS),
    })
    const process = assembleProcess({
      host,
      role: name.slice(0, name.lastIndexOf('-')) as Role,
      chance: own,
      database: links.of(host),
      broker: broker?.of(host),
      channels,
      log: logOf(host),
      sabotage,
    })
    processes.set(name, process)
    story.write(name, 'starts')
    onBorn(process)
    host.receive(0, () => {
      process.start().catch((error: unknown) => kill(name, `its start: ${error}`, RESTART_MS))
    })
  }

  function logOf(host: Host): Log {
    const write = (detail: object, message: string): void =>
      story.write(host.name, `${message} ${JSON.stringify(detail, errorsAsText)}`)
    return { debug: () => {}, info: write, warn: write, error: write }
  }

  function find(name: string): SimulatedProcess | undefined {
    const process = processes.get(name)
    return process?.host.isUp ? process : undefined
  }

  function kill(name: string, by: string, backAfterMs: number): void {
    const process = find(name)
    if (!process) return
    process.host.kill()
    story.write(name, `is killed by ${by}`)
    world.after(backAfterMs, () => start(name))
  }

  function stop(name: string, backAfterMs: number): void {
    const process = find(name)
    if (!process) return
    story.write(name, 'receives SIGTERM')
    const gone = (): void => {
      if (!process.host.isUp) return
      process.host.kill()
      story.write(name, 'has stopped')
      world.after(backAfterMs, () => start(name))
    }
    process.host.receive(0, () => void process.stop().then(gone, gone))
  }

  return {
    start,
    kill,
    stop,
    find,
    get all() {
      return [...processes.values()].filter(({ host }) => host.isUp)
    },
  }
}

const errorsAsText = (_: string, value: unknown): unknown => (value instanceof Error ? String(value) : value)
