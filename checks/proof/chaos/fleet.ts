import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '@taskflow/testing/free-port'
import { type HalfOpenProxy, halfOpenProxy } from '@taskflow/testing/half-open-proxy'
import { type Ended, openProcesses, type RunningProcess } from '@taskflow/testing/open-processes'
import type { Violation } from '@taskflow/testing/promises'
import { within } from '@taskflow/testing/wait'
import { type Link, processNames, type Shape } from './schedule.ts'
import { type Servers, urlAt } from './servers.ts'
import type { WrongClock } from './wrong-clock.ts'

interface Deps {
  readonly shape: Shape
  readonly servers: Servers
  /** Where handlers write down what they see, and processes what they log. */
  readonly folder: string
  readonly slots: number
  /** Told of each line of a process's log. `life` is another each time it starts. */
  onLog(life: string, line: LogLine): void
  /** One ended that nobody had told to. */
  onDeath(name: string, ended: Ended): void
}

export interface LogLine {
  readonly msg?: string
  readonly [field: string]: unknown
}

/** The TaskFlow processes of a run, each looked after by a supervisor that starts another when it ends. */
export interface Fleet {
  readonly apiUrls: readonly string[]
  /** SIGKILL; resolves once another process is ready in its place. */
  kill(name: string, backAfterMs: number): Promise<void>
  /** SIGTERM; resolves likewise, with what was wrong about how it ended. */
  stop(name: string, backAfterMs: number): Promise<readonly Violation[]>
  freeze(name: string, ms: number): Promise<void>
  network(name: string, link: Link): HalfOpenProxy
  setClock(name: string, wrong: WrongClock | undefined): void
  /** Stops all of them in good order; resolves with what was wrong about how they ended. */
  end(): Promise<readonly Violation[]>
  close(): Promise<void>
}

export const TOKEN = 'the-key-of-the-chaos'

const TASKS = join(import.meta.dirname, 'tasks')
const CLOCK = new URL('./wrong-clock.ts', import.meta.url).href
// As a supervisor does it: soon, but not in a tight loop.
const RESTART_MS = 500
const DRAIN_MS = 3_000
// A stop drains, then is given a grace, and its last words may meet a database that is away.
const STOP_MS = 60_000
// It waits for a database that is away.
const START_MS = 120_000

interface Member {
  readonly name: string
  readonly networks: Readonly<Record<Link, HalfOpenProxy>>
  readonly clockFile: string
  readonly port: number | undefined
  process: RunningProcess | undefined
  /** Of the present process, or the next. */
  ready: PromiseWithResolvers<void>
  /** Told to end, and to come back after so long. */
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
        broker: await halfOpenProxy(broker.port ?? postgres.port),
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
      NODE_OPTIONS: `--import=${CLOCK}`,
      CHAOS_CLOCK_FILE: clockFile,
      CHAOS_WITNESSES: folder,
      TASKFLOW_DATABASE_URL: urlAt(postgres.url, networks.database.port),
      TASKFLOW_DATABASE_DIRECT_URL: urlAt(postgres.url, networks.notifications.port),
      ...servers.broker.envAt(networks.broker.port),
      TASKFLOW_ROLES: name.split('-')[0] as string,
      TASKFLOW_WORKER_NAME: name,
      TASKFLOW_CONCURRENCY: String(slots),
      TASKFLOW_DRAIN_MS: String(DRAIN_MS),
      TASKFLOW_ADMIN_TOKEN: TOKEN,
      TASKFLOW_LOG_LEVEL: 'info',
      ...(port !== undefined && { TASKFLOW_PORT: String(port) }),
    }
  }

  async function supervise(member: Member): Promise<void> {
    const { name } = member
    const log = join(logs, `${name}.log`)
    while (!isEnding) {
      const process = processes.taskflow(['start', '--tasks', TASKS], {
        env: envOf(member),
        onLine(line) {
          appendFileSync(log, `${line}\n`)
          if (/is ready/.test(line)) member.ready.resolve()
          const told = parsed(line)
          if (told) onLog(`${name} (${process.pid})`, told)
        },
      })
      member.process = process
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

  /** Asks it to stop; one that does not obey is killed. */
  async function endInOrder({ name, process }: RunningMember): Promise<readonly Violation[]> {
    const ended = await Promise.race([process.kill('SIGTERM'), pause(STOP_MS, undefined, { ref: false })])
    if (!ended) await process.kill('SIGKILL')
    // Whoever is killed by a task of its own while it stops is not to blame.
    if (ended?.code === 0 || ended?.signal === 'SIGKILL') return []
    const how = ended ? `ended with ${ended.signal ?? ended.code}` : `did not end within ${STOP_MS / 1_000} s`
    return [{ promise: 'P12', sentence: `${name} ${how} when it was told to stop` }]
  }

  /** Ends a process and waits for the next. */
  async function replace<Result>(name: string, backAfterMs: number, end: (member: RunningMember) => Promise<Result>) {
    const member = memberNamed(name)
    member.backAfterMs = backAfterMs
    const result = await end(member)
    // One turn, in which the supervisor hears of it too.
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
    stop: (name, backAfterMs) => replace(name, backAfterMs, endInOrder),
    async freeze(name, ms) {
      const { pid } = memberNamed(name).process
      signalTo(pid, 'SIGSTOP')
      await pause(ms)
      signalTo(pid, 'SIGCONT')
    },
    network: (name, link) => memberNamed(name).networks[link],
    setClock: (name, wrong) => writeFileSync(memberNamed(name).clockFile, wrong ? JSON.stringify(wrong) : ''),
    async end() {
      isEnding = true
      return (await Promise.all([...members.keys()].map((name) => endInOrder(memberNamed(name))))).flat()
    },
    close,
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // One of its own tasks has killed it meanwhile.
  }
}

function parsed(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine
  } catch {
    // What a process says on its way up or down, not being a line of its log.
    return undefined
  }
}
