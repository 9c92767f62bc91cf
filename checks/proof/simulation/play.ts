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

/** What is planted into a run. */
export interface Bug {
  readonly name: string
  /** What an engineer might have done, in a sentence. */
  readonly summary: string
  /** What it must be found by: what breaks otherwise may be another fault. */
  readonly breaks: readonly string[]
  readonly rewrite?: Rewrite
  readonly sabotage?: Sabotage
}

export interface Outcome {
  readonly violations: readonly Violation[]
  /** As `Story` has it. */
  story(isWhole: boolean): string[]
  readonly steps: number
  /** In the run's own time. */
  readonly lastedMs: number
  readonly tasks: number
  readonly attempts: number
}

interface Options {
  readonly bug?: Bug | undefined
  /** Whether what happens is told. */
  readonly isTold?: boolean
}

const CHANNELS = ['ready', 'due', 'finished', 'asked', 'resigned'].map((topic) => `taskflow_${topic}`)
const LOOK_MS = 1_000
// By then a worker that has just started takes tasks, and those that waited for it are taken.
const SETTLED_MS = 4_000
// A worker that died last is found dead after ten seconds, and a task may come back three times, each after a pause of its own.
const REST_MS = 210_000
// Processes that were killed start again, breakers close, a standby leads, and statements that were given up may still be done.
const AFTERMATH_MS = 14_000

const lastOf = ({ atMs, ...harm }: Harm): number =>
  atMs + ('ms' in harm ? Math.max(0, harm.ms) : 'backAfterMs' in harm ? harm.backAfterMs : 0)

/** Plays a plan to its end, and says which promises were broken. The same plan has the same outcome. */
export async function play(
  plan: Plan,
  server: DatabaseServer,
  { bug, isTold = false }: Options = {},
): Promise<Outcome> {
  const { hasBroker, harms, calmAtMs } = plan
  const chance = chanceOf(`play ${plan.seed}`)
  const world = newWorld()
  const story = newStory(() => world.nowMs, isTold)
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
    onSurprise: (error) => watch.violate('API', `a caller was answered by ${error}`),
    api: (number) => roster.find(`api-${number}`),
  })
  const quiet = await Promise.all(
    CHANNELS.map((channel) => server.listen(channel, (payload) => links.announce(channel, payload))),
  )
  const lastTroubleMs = Math.max(calmAtMs, ...harms.map(lastOf))
  let isAtRest = false

  function lookAgain(): void {
    world.after(LOOK_MS, async () => {
      const ready = roster.all.filter(({ role, host }) => role === 'worker' && host.ageMs > SETTLED_MS)
      const isDone = await watch.look({
        peaceMs: world.nowMs - lastTroubleMs - AFTERMATH_MS,
        slots: ready.length * WORKER.slots,
        hasBroker,
      })
      isAtRest = isDone && calling.waiting === 0
      lookAgain()
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
    // Words may be lost at any time: nobody must need them.
    network.weather = { ...CALM, wordLost: plan.weather.wordLost }
    story.tell('plan', 'no more trouble: everything may come to rest')
    lookAgain()
  })
  await world.run(() => {
    watch.checkLeaders(roster.all)
    return isAtRest || watch.violations.length > 0
  }, calmAtMs + REST_MS)
  for (const stop of quiet) await stop()
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
