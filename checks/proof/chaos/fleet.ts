import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '@taskflow/testing/free-port'
import { type HalfOpenProxy, halfOpenProxy } from '@taskflow/testing/half-open-proxy'
import { type Ended, openProcesses, type RunningProcess } from '@taskflow/testing/open-processes'
import type { Violation } from '@taskflow/testing/promises'
import { launchTaskFlow, type Role } from '@taskflow/testing/start-taskflow'
import { urlWith } from '@taskflow/testing/url-with'
import { within } from '@taskflow/testing/wait'
import { WRONG_CLOCK, type WrongClock } from '@taskflow/testing/wrong-clock'
import { type Link, processNames, type Shape } from './schedule.ts'
import type { Servers } from './servers.ts'

interface Deps {
  readonly shape: Shape
  readonly servers: Servers
  /** The folder for witness files of handlers and logs of processes. */
  readonly folder: string
  readonly slots: number
  /** Receives each line of a process's log. `incarnation` changes each time the process starts. */
  onLog(incarnation: string, line: LogLine): void
  /** Called when a process ends without a request to stop. */
  onDeath(name: string, ended: Ended): void
}

export interface LogLine {
  readonly msg?: string
  readonly [field: string]: unknown
}

/** The TaskFlow processes of a run. A supervisor restarts each one that ends. */
export interface Fleet {
  readonly apiUrls: readonly string[]
  /** Sends SIGKILL; resolves once the replacement is ready. */
  kill(name: string, backAfterMs: number): Promise<void>
  /** Sends SIGTERM; resolves once the replacement is ready, with the violations of the stop. */
  stop(name: string, backAfterMs: number): Promise<readonly Violation[]>
  freeze(name: string, ms: number): Promise<void>
  network(name: string, link: Link): HalfOpenProxy
  setClock(name: string, wrong: WrongClock | undefined): void
  /** Stops all processes gracefully; resolves with the violations of the stops. */
  end(): Promise<readonly Violation[]>
  close(): Promise<void>
}

const TASKS = join(import.meta.dirname, 'tasks')
// A supervisor restarts soon, but not in a tight loop.
const RESTART_MS = 500
const DRAIN_MS = 3_000
// A stop takes the drain and the kill grace, and its last statements may have to wait for an unavailable database.
const STOP_MS = 60_000
// A starting process waits for an unavailable database.
const START_MS = 120_000

interface Member {
  readonly name: string
  readonly networks: Readonly<Record<Link, HalfOpenProxy>>
  readonly clockFile: string
  readonly port: number | undefined
  process: RunningProcess | undefined
  /** Resolves when the current process, or the next one, is ready. */
  ready: PromiseWithResolvers<void>
  /** Set when the process was requested to end: the delay before its restart. */
  backAfterMs: number | undefined
}

interface RunningMember extends Member {
  process: RunningProcess
}

export async function startFleet(deps: Deps): Promise<Fleet> {
  const { shape, servers, folder, slots, onLog, onDeath } = deps
  const processes = openProcesses()
  const logs = join(folder, 'logs')
  mkdirSync(logs)
  const members = new Map<string, Member>()
  for (const name of processNames(shape)) members.set(name, await newMember(name))
  let isEnding = false

  async function newMember(name: string): Promise<Member> {
    const clockFile = join(folder, `${name}.clock`)
    writeFileSync(clockFile, '')
    const { pooler, postgres, broker } = servers
    return {
      name,
      networks: {
        database: await halfOpenProxy(pooler.port),
        notifications: await halfOpenProxy(postgres.port),
        broker: await halfOpenProxy(broker.ports[0] ?? postgres.port),
      },
      clockFile,
      port: name.startsWith('api') ? await freePort() : undefined,
      process: undefined,
      ready: Promise.withResolvers(),
      backAfterMs: undefined,
    }
  }

  function envOf({ name, networks, clockFile, port }: Member): Record<string, string> {
    const { postgres } = servers
    return {
      NODE_OPTIONS: `--import=${WRONG_CLOCK}`,
      WRONG_CLOCK_FILE: clockFile,
      CHAOS_WITNESSES: folder,
      TASKFLOW_DATABASE_URL: urlWith(postgres.url, { port: networks.database.port }),
      TASKFLOW_DATABASE_DIRECT_URL: urlWith(postgres.url, { port: networks.notifications.port }),
      ...servers.broker.envBy([networks.broker.port]),
      TASKFLOW_WORKER_NAME: name,
      TASKFLOW_CONCURRENCY: String(slots),
      TASKFLOW_DRAIN_MS: String(DRAIN_MS),
      TASKFLOW_LOG_LEVEL: 'info',
      ...(port !== undefined && { TASKFLOW_PORT: String(port) }),
    }
  }

  async function supervise(member: Member): Promise<void> {
    const { name } = member
    const log = join(logs, `${name}.log`)
    while (!isEnding) {
      const { process, ready } = launchTaskFlow(processes, {
        roles: [name.split('-')[0] as Role],
        tasks: TASKS,
        env: envOf(member),
        timeoutMs: START_MS,
        onLine(line) {
          appendFileSync(log, `${line}\n`)
          const logged = parsed(line)
          if (logged) onLog(`${name} (${process.pid})`, logged)
        },
      })
      member.process = process
      // A process that never becomes ready ends and is restarted.
      ready.then(
        () => member.ready.resolve(),
        () => {},
      )
      const ended = await process.ended
      member.ready = Promise.withResolvers()
      const { backAfterMs } = member
      member.backAfterMs = undefined
      if (backAfterMs === undefined && !isEnding) onDeath(name, ended)
      await pause(backAfterMs ?? RESTART_MS)
    }
  }

  function memberNamed(name: string): RunningMember {
    const member = members.get(name)
    if (!member?.process) throw new TypeError(`There is no process ${name}`)
    return member as RunningMember
  }

  /** Sends SIGTERM, and SIGKILL when the process does not stop in time. */
  async function endGracefully({ name, process }: RunningMember): Promise<readonly Violation[]> {
    const ended = await Promise.race([process.kill('SIGTERM'), pause(STOP_MS, undefined, { ref: false })])
    if (!ended) await process.kill('SIGKILL')
    // A task of its own may kill a worker while it stops: that is no violation.
    if (ended?.code === 0 || ended?.signal === 'SIGKILL') return []
    const how = ended ? `ended with ${ended.signal ?? ended.code}` : `did not end within ${STOP_MS / 1_000} s`
    return [{ promise: 'P12', sentence: `${name} ${how} after SIGTERM` }]
  }

  /** Ends a process and waits until its replacement is ready. */
  async function replace<Result>(name: string, backAfterMs: number, end: (member: RunningMember) => Promise<Result>) {
    const member = memberNamed(name)
    member.backAfterMs = backAfterMs
    const result = await end(member)
    // Lets the supervisor notice the end as well.
    await pause(0)
    await untilReady(member)
    return result
  }

  const untilReady = ({ name, ready }: Member): Promise<void> => within(START_MS, ready.promise, `${name} to be ready`)

  async function close(): Promise<void> {
    isEnding = true
    await processes.close()
    for (const { networks } of members.values())
      await Promise.all(Object.values(networks).map((network) => network.close()))
  }

  for (const member of members.values()) void supervise(member)
  await Promise.all([...members.values()].map(untilReady)).catch(async (error: unknown) => {
    await close()
    throw error
  })

  return {
    apiUrls: [...members.values()].flatMap(({ port }) => (port === undefined ? [] : [`http://127.0.0.1:${port}`])),
    async kill(name, backAfterMs) {
      await replace(name, backAfterMs, ({ process }) => process.kill('SIGKILL'))
    },
    stop: (name, backAfterMs) => replace(name, backAfterMs, endGracefully),
    async freeze(name, ms) {
      const { process } = memberNamed(name)
      process.freeze()
      await pause(ms)
      process.thaw()
    },
    network: (name, link) => memberNamed(name).networks[link],
    setClock: (name, wrong) => writeFileSync(memberNamed(name).clockFile, wrong ? JSON.stringify(wrong) : ''),
    async end() {
      isEnding = true
      return (await Promise.all([...members.keys()].map((name) => endGracefully(memberNamed(name))))).flat()
    },
    close,
  }
}

function parsed(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    // Output of Node.js at start or end, which is no log line.
    return undefined
  }
}
