/**
 * Two versions on one database and one broker, as an operator has them during an upgrade, with callers at work all the
 * time:
 *
 *   1. the older version alone, on its own schema
 *   2. the newer version's migrations, up and down several times and up, beside the older version's processes
 *   3. the newer version's processes replace the older ones, one after another
 *   4. the downgrade: the same in reverse
 *
 * Each of two queues has a worker of its own. The first changes its version before the API does, the second after it,
 * so that the worker of each version runs tasks that the API of the other version accepted.
 */
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { openProcesses, type Processes } from '@taskflow/testing/open-processes'
import type { Env, Role } from '@taskflow/testing/start-taskflow'
import { eventually } from '@taskflow/testing/wait'
import { type Callers, startCallers } from './callers.ts'
import { type Member, migrate, startMember } from './member.ts'
import { notesIn } from './notes.ts'
import { hasUnfinished, type Outcome, outcomeOf } from './outcome.ts'
import type { Version } from './version.ts'

interface Given {
  readonly older: Version
  readonly newer: Version
  /** The address of an empty database. */
  readonly databaseUrl: string
  /** Settings that lead a process to the broker. */
  readonly env: Env
  /** How often the newest migrations are taken down and up again. */
  readonly rounds: number
  /** Called with each step as it begins. */
  onStep(step: string): void
}

const QUEUES = ['first', 'second'] as const

/** A post that one process fills at a time, except while another takes over. */
type Post = 'coordinator' | 'api' | (typeof QUEUES)[number]

const ORDER: readonly Post[] = ['coordinator', 'first', 'api', 'second']

/** Tasks of each queue that must run before a step counts as done. */
const SIGNS_OF_LIFE = 8
const STEP_MS = 120_000
const LOOK_MS = 100
const JUST_BEGUN_MS = 1_000

/** Resolves with the outcome. Rejects when a step fails, or when no task runs after it. */
export async function rollingUpgrade(given: Given): Promise<Outcome> {
  const processes = openProcesses()
  try {
    return await play(given, processes)
  } finally {
    await processes.close()
  }
}

async function play(given: Given, processes: Processes): Promise<Outcome> {
  const { older, newer, databaseUrl, rounds, onStep } = given
  const everybody: Member[] = []
  const env = { ...given.env, TASKFLOW_DATABASE_URL: databaseUrl }
  const team = teamOn(processes, env, everybody)
  const file = join(processes.tempFolder(), 'notes')
  onStep(`${older.name}: alone, on its own schema, ${older.schema}`)
  await migrate(processes, older, ['up'], env)
  await startAll(older)
  const callers = startCallers({ apis: team.serving, queues: QUEUES, file })
  const scene: Scene = { callers, file, members: everybody }
  const workGoesOn = (): Promise<void> => untilRun(scene)

  async function migrateTo(schema: number): Promise<void> {
    const direction = schema === newer.schema ? ['up'] : ['down', '--to', String(schema)]
    onStep(`${newer.name}: migrate ${direction.join(' ')}`)
    await migrate(processes, newer, direction, env)
    await workGoesOn()
  }

  /** The next process starts, both work side by side, and the previous process stops. */
  async function handOver(post: Post, version: Version): Promise<void> {
    onStep(
      `${version.name}: takes over as ${post === 'coordinator' || post === 'api' ? post : `worker of the ${post} queue`}`,
    )
    const leaving = team.holder(post)
    await team.start(version, post)
    await workGoesOn()
    if (leaving?.role === 'worker') await untilBusy(scene, post)
    await team.stop(leaving)
  }

  async function stopAll(): Promise<void> {
    await Promise.all(ORDER.map((post) => team.stop(team.holder(post))))
  }

  async function startAll(version: Version): Promise<void> {
    await Promise.all(ORDER.map((post) => team.start(version, post)))
  }

  try {
    await workGoesOn()

    for (let round = 0; round < rounds; round++) {
      await migrateTo(newer.schema)
      await migrateTo(older.schema)
    }
    await migrateTo(newer.schema)
    for (const post of ORDER) await handOver(post, newer)

    if (older.isBoundToItsSchema) {
      onStep(
        `${older.name}: starts on its own schema alone, so ${newer.name} stops first, migrates down, and it starts`,
      )
      await stopAll()
      await migrate(processes, newer, ['down', '--to', String(older.schema)], env)
      await startAll(older)
      await workGoesOn()
    } else {
      for (const post of ORDER) await handOver(post, older)
      await migrateTo(older.schema)
    }
  } finally {
    await callers.stop()
  }
  onStep('callers stop; what is left is run')
  await untilNothingIsLeft(databaseUrl)
  await stopAll()
  return outcomeOf({ older, newer, databaseUrl, callers, notes: notesIn(file), members: everybody })
}

interface Team {
  /** The last process that filled the post. */
  holder(post: Post): Member | undefined
  /** The API processes that a proxy sends requests to. */
  readonly serving: () => readonly Member[]
  start(version: Version, post: Post): Promise<void>
  /** As a deploy does: removes the process from the proxy, then sends a SIGTERM. */
  stop(member: Member | undefined): Promise<void>
}

/** @param everybody collects every process that was ever started */
function teamOn(processes: Processes, env: Env, everybody: Member[]): Team {
  const holders = new Map<Post, Member>()
  const serving = new Set<Member>()
  return {
    holder: (post) => holders.get(post),
    serving: () => [...serving],
    async start(version, post) {
      const role = roleOf(post)
      const own = role === 'worker' ? { TASKFLOW_QUEUES: post } : {}
      const settings = { TASKFLOW_DRAIN_MS: '500', TASKFLOW_CONCURRENCY: '20' }
      const member = await startMember(processes, version, role, { ...env, ...settings, ...own })
      everybody.push(member)
      holders.set(post, member)
      if (role === 'api') serving.add(member)
    },
    async stop(member) {
      if (!member) return
      serving.delete(member)
      await member.stop()
    },
  }
}

const roleOf = (post: Post): Role => (post === 'coordinator' || post === 'api' ? post : 'worker')

interface Scene {
  readonly callers: Callers
  readonly file: string
  readonly members: readonly Member[]
}

/** Waits until tasks of each queue that were submitted from now on have run. */
function untilRun(scene: Scene): Promise<void> {
  const sinceMs = Date.now()
  return until(scene, 'tasks to be run', () => {
    const ran = notesIn(scene.file).flatMap((note) => {
      const task = note.kind === 'ended' && note.result !== null ? scene.callers.accepted.get(note.taskId) : undefined
      return task && task.atMs >= sinceMs ? [task.queue] : []
    })
    return QUEUES.every((queue) => ran.filter((each) => each === queue).length >= SIGNS_OF_LIFE)
  })
}

/**
 * Waits until the worker of the queue has just begun a task that outlives its drain, so that a stop must release the
 * task.
 */
function untilBusy(scene: Scene, queue: Post): Promise<void> {
  return until(scene, `a long task of the ${queue} queue to begin`, () => {
    const notes = notesIn(scene.file)
    const ended = new Set(notes.filter(({ kind }) => kind === 'ended').map(({ leaseId }) => leaseId))
    const sinceMs = Date.now() - JUST_BEGUN_MS
    return notes.some(({ kind, taskId, leaseId, atMs }) => {
      const task = scene.callers.accepted.get(taskId)
      return kind === 'started' && atMs > sinceMs && !ended.has(leaseId) && task?.isLong && task.queue === queue
    })
  })
}

async function until({ members }: Scene, what: string, check: () => boolean): Promise<void> {
  await eventually(check, { timeoutMs: STEP_MS, what, everyMs: LOOK_MS }).catch((error: Error) => {
    const warnings = members.flatMap((member) => member.warnings.slice(-3))
    throw new Error(`${error.message}: ${warnings.join('; ')}`)
  })
}

/** The check of the promises reports what is left after the time is up. */
async function untilNothingIsLeft(databaseUrl: string): Promise<void> {
  const deadlineMs = performance.now() + STEP_MS
  while (performance.now() < deadlineMs && (await hasUnfinished(databaseUrl))) await pause(LOOK_MS)
}
