/**
 * Two versions on one database and one broker, as an operator has them during an upgrade, with callers at work all the time:
 *
 *   1. the older version alone, on its own schema
 *   2. the newer one's migrations, up and down a few times and up, beside the older one's processes
 *   3. its processes take the place of the older ones, one after the other
 *   4. all of it taken back
 *
 * Each of two queues has a worker of its own. The first changes its version before the API does, the second after it, so that
 * either version's worker runs what the other's API accepted.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from '@taskflow/kernel'
import { removeFolder } from '@taskflow/testing/remove-folder'
import { type Callers, startCallers } from './callers.ts'
import { type Env, killMembers, type Member, migrate, type Role, startMember } from './member.ts'
import { notesIn } from './notes.ts'
import { hasUnfinished, type Outcome, outcomeOf } from './outcome.ts'
import type { Version } from './version.ts'

interface Given {
  readonly older: Version
  readonly newer: Version
  /** Of an empty database. */
  readonly databaseUrl: string
  /** Settings that lead a process to the broker. */
  readonly env: Env
  /** How often the newest migrations are taken down and up again. */
  readonly rounds: number
  readonly clock: Clock
  /** Told of each step as it begins. */
  onStep(step: string): void
}

const QUEUES = ['first', 'second'] as const

/** A post that one process fills at a time, but for the moment when another takes over. */
type Post = 'coordinator' | 'api' | (typeof QUEUES)[number]

const ORDER: readonly Post[] = ['coordinator', 'first', 'api', 'second']

/** Of each queue, before a step is thought to work. */
const SIGNS_OF_LIFE = 8
const STEP_MS = 120_000
const LOOK_MS = 100
const JUST_BEGUN_MS = 1_000

/** Resolves with what came of it. Rejects when a step is not to be done, or nothing is run after it. */
export async function rollingUpgrade(given: Given): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'taskflow-upgrade-'))
  const discard = (): void => removeFolder(folder)
  process.once('exit', discard)
  try {
    return await play(given, join(folder, 'notes'))
  } finally {
    await killMembers()
    process.off('exit', discard)
    discard()
  }
}

async function play(given: Given, file: string): Promise<Outcome> {
  const { older, newer, databaseUrl, clock, rounds, onStep } = given
  const everybody: Member[] = []
  const env = { ...given.env, TASKFLOW_DATABASE_URL: databaseUrl }
  const team = teamOn(env, everybody)
  onStep(`${older.name}: alone, on its own schema, ${older.schema}`)
  await migrate(older, ['up'], env)
  await startAll(older)
  const callers = startCallers({ clock, apis: team.serving, queues: QUEUES, file })
  const scene: Scene = { callers, file, clock, members: everybody }
  const workGoesOn = (): Promise<void> => untilRun(scene)

  async function migrateTo(schema: number): Promise<void> {
    const direction = schema === newer.schema ? ['up'] : ['down', '--to', String(schema)]
    onStep(`${newer.name}: migrate ${direction.join(' ')}`)
    await migrate(newer, direction, env)
    await workGoesOn()
  }

  /** The one that takes over starts, both work side by side, the other stops. */
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
      await migrate(newer, ['down', '--to', String(older.schema)], env)
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
  await untilNothingIsLeft(databaseUrl, clock)
  await stopAll()
  return outcomeOf({ older, newer, databaseUrl, callers, notes: notesIn(file), members: everybody })
}

interface Team {
  /** Whoever filled the post last. */
  holder(post: Post): Member | undefined
  /** The API processes that a proxy sends requests to. */
  readonly serving: () => readonly Member[]
  start(version: Version, post: Post): Promise<void>
  /** As a deploy does: out of the proxy first, then a SIGTERM. */
  stop(member: Member | undefined): Promise<void>
}

/** @param everybody who ever started is added to it */
function teamOn(env: Env, everybody: Member[]): Team {
  const holders = new Map<Post, Member>()
  const serving = new Set<Member>()
  return {
    holder: (post) => holders.get(post),
    serving: () => [...serving],
    async start(version, post) {
      const role = roleOf(post)
      const own = role === 'worker' ? { TASKFLOW_QUEUES: post } : {}
      const settings = { TASKFLOW_DRAIN_MS: '500', TASKFLOW_CONCURRENCY: '20' }
      const member = await startMember(version, role, { ...env, ...settings, ...own })
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
  readonly clock: Clock
  readonly members: readonly Member[]
}

/** Until tasks of each queue that were submitted from now on have been run. */
function untilRun(scene: Scene): Promise<void> {
  const sinceMs = scene.clock.now().getTime()
  return until(scene, 'tasks to be run', () => {
    const ran = notesIn(scene.file).flatMap((note) => {
      const task = note.kind === 'ended' && note.result !== null ? scene.callers.accepted.get(note.taskId) : undefined
      return task && task.atMs >= sinceMs ? [task.queue] : []
    })
    return QUEUES.every((queue) => ran.filter((each) => each === queue).length >= SIGNS_OF_LIFE)
  })
}

/** Until the worker of the queue has just begun what outlives its drain, so that a stop must take it back. */
function untilBusy(scene: Scene, queue: Post): Promise<void> {
  return until(scene, `a long task of the ${queue} queue to begin`, () => {
    const notes = notesIn(scene.file)
    const ended = new Set(notes.filter(({ kind }) => kind === 'ended').map(({ leaseId }) => leaseId))
    const sinceMs = scene.clock.now().getTime() - JUST_BEGUN_MS
    return notes.some(({ kind, taskId, leaseId, atMs }) => {
      const task = scene.callers.accepted.get(taskId)
      return kind === 'started' && atMs > sinceMs && !ended.has(leaseId) && task?.isLong && task.queue === queue
    })
  })
}

async function until({ clock, members }: Scene, what: string, check: () => boolean): Promise<void> {
  const deadlineMs = clock.monotonicMs() + STEP_MS
  while (!check()) {
    if (clock.monotonicMs() > deadlineMs) {
      const warnings = members.flatMap((member) => member.warnings.slice(-3))
      throw new Error(`Waited ${STEP_MS} ms in vain for ${what}: ${warnings.join('; ')}`)
    }
    await clock.sleep(LOOK_MS)
  }
}

/** What is left after the time is up, the promises will tell. */
async function untilNothingIsLeft(databaseUrl: string, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + STEP_MS
  while (clock.monotonicMs() < deadlineMs && (await hasUnfinished(databaseUrl))) await clock.sleep(LOOK_MS)
}
