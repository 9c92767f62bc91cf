import type { Violation } from '@taskflow/testing/promises'
import { brokerServer } from './broker-server.ts'
import { callers } from './callers.ts'
import { chanceOf } from './chance.ts'
import { databaseLinks } from './database-link.ts'
import type { DatabaseServer, Rewrite } from './database-server.ts'
import { doHarm } from './do-harm.ts'
import { CALM, newNetwork } from './network.ts'
import type { Harm, Plan } from './plan.ts'
import { type Sabotage, WORKER } from './process.ts'
import { newRoster } from './roster.ts'
import { newStory } from './story.ts'
import { newWatch } from './watch.ts'
import { newWorld } from './world.ts'

/** A bug that is planted into a run. */
export interface Bug {
  readonly name: string
  /** The mistake, in a sentence. */
  readonly summary: string
  /** The promises by which it must be found; another broken promise may be another fault. */
  readonly breaks: readonly string[]
  readonly rewrite?: Rewrite
  readonly sabotage?: Sabotage
}

export interface Outcome {
  readonly violations: readonly Violation[]
  /** See `Story.read`. */
  story(isWhole: boolean): string[]
  readonly steps: number
  /** The duration in the time of the run. */
  readonly lastedMs: number
  readonly tasks: number
  readonly attempts: number
}

interface Options {
  readonly bug?: Bug | undefined
  /** Whether to record the story. */
  readonly isRecorded?: boolean
}

const CHANNELS = ['ready', 'due', 'finished', 'asked', 'resigned'].map((topic) => `taskflow_${topic}`)
const CHECK_EVERY_MS = 1_000
// A worker has taken the waiting tasks within this time of its start.
const SETTLED_MS = 4_000
// The last lost worker is marked after ten seconds, and its task may be retried three times, each after a pause.
const REST_MS = 210_000
// Killed processes restart, circuit breakers close, a standby takes over, and abandoned statements may still run.
const AFTERMATH_MS = 14_000

const lastOf = ({ atMs, ...harm }: Harm): number =>
  atMs + ('ms' in harm ? Math.max(0, harm.ms) : 'backAfterMs' in harm ? harm.backAfterMs : 0)

/** Plays a plan to its end, and reports the broken promises. The same plan has the same outcome. */
export async function play(
  plan: Plan,
  server: DatabaseServer,
  { bug, isRecorded = false }: Options = {},
): Promise<Outcome> {
  const { hasBroker, harms, calmAtMs } = plan
  const chance = chanceOf(`play ${plan.seed}`)
  const world = newWorld()
  const story = newStory(() => world.nowMs, isRecorded)
  const watch = newWatch({ world, server, story })
  const { witness, startsOf, onBorn, onDone, onAcknowledged } = watch
  await server.reset(bug?.rewrite)
  const network = newNetwork(chance.of('network'), plan.weather)
  const links = databaseLinks({ world, server, network, story, onDone })
  const broker = hasBroker ? brokerServer({ world, network, story, onAcknowledged }) : undefined
  const sabotage = bug?.sabotage ?? {}
  const roster = newRoster({ world, chance, story, links, broker, sabotage, witness, startsOf, onBorn })
  const calling = callers({
    world,
    chance: chance.of('callers'),
    story,
    witness,
    onSurprise: (error) => watch.violate('API', `a caller received ${error}`),
    api: (number) => roster.find(`api-${number}`),
  })
  const stopListening = await Promise.all(
    CHANNELS.map((channel) => server.listen(channel, (payload) => links.notify(channel, payload))),
  )
  const lastHarmMs = Math.max(calmAtMs, ...harms.map(lastOf))
  let isFinished = false

  function checkAgain(): void {
    world.after(CHECK_EVERY_MS, async () => {
      const ready = roster.all.filter(({ role, host }) => role === 'worker' && host.ageMs > SETTLED_MS)
      const isDone = await watch.check({
        calmMs: world.nowMs - lastHarmMs - AFTERMATH_MS,
        slots: ready.length * WORKER.slots,
        hasBroker,
      })
      isFinished = isDone && calling.waiting === 0
      checkAgain()
    })
  }

  for (const [role, count] of [
    ['api', plan.apis],
    ['worker', plan.workers],
    ['coordinator', plan.coordinators],
  ] as const)
    for (let number = 1; number <= count; number++) roster.start(`${role}-${number}`)
  calling.begin(plan)
  for (const harm of harms) world.after(harm.atMs, () => doHarm({ world, story, network, links, broker, roster }, harm))
  world.after(calmAtMs, () => {
    // Notifications may be lost at any time: no part may depend on them.
    network.weather = { ...CALM, notificationsLost: plan.weather.notificationsLost }
    story.write('plan', 'the last harm is over')
    checkAgain()
  })
  await world.run(() => {
    watch.checkLeaders(roster.all)
    return isFinished || watch.violations.length > 0
  }, calmAtMs + REST_MS)
  for (const stop of stopListening) await stop()
  await watch.conclude(watch.violations.length === 0)
  const { witnesses, violations } = watch
  return {
    violations,
    story: story.read,
    steps: world.steps,
    lastedMs: Math.round(world.nowMs),
    tasks: new Set(witnesses.flatMap((seen) => (seen.kind === 'submitted' ? seen.taskIds : []))).size,
    attempts: witnesses.filter(({ kind }) => kind === 'started').length,
  }
}
