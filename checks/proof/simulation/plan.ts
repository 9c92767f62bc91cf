import type { Chance } from './chance.ts'
import { chanceOf } from './chance.ts'
import type { Act, Script } from './handlers.ts'
import { TYPES } from './handlers.ts'
import { CALM, type Weather } from './network.ts'

/** What callers do in a run. */
export type Work = { readonly atMs: number; readonly api: number } & (
  | {
      readonly kind: 'submit'
      readonly scripts: readonly Script[]
      readonly type: (typeof TYPES)[number]
      readonly priority: 'critical' | 'high' | 'normal' | 'low'
      readonly delayMs: number
      readonly maxAttempts: number
      /** Without one the caller who hears nothing asks no more. */
      readonly key?: string
      /** The other API is sent the same at the same time. */
      readonly isDoubled: boolean
      readonly startToCloseMs?: number
    }
  /** Of the tasks accepted so far, counted from the last. */
  | { readonly kind: 'cancel' | 'redrive' | 'hurry'; readonly nth: number }
)

/** What is done to a run. */
export type Harm = { readonly atMs: number } & (
  | { readonly kind: 'kill'; readonly process: string; readonly backAfterMs: number }
  | { readonly kind: 'stop'; readonly process: string; readonly backAfterMs: number }
  /** As by SIGSTOP. */
  | { readonly kind: 'freeze'; readonly process: string; readonly ms: number }
  /** Without word of what the database announces. */
  | { readonly kind: 'deafen'; readonly process: string; readonly ms: number }
  /** Without a way to database and broker. */
  | { readonly kind: 'cut off'; readonly process: string; readonly ms: number }
  | { readonly kind: 'jump clock'; readonly process: string; readonly ms: number }
  | { readonly kind: 'database away'; readonly ms: number }
  | { readonly kind: 'broker away'; readonly ms: number }
  | { readonly kind: 'wipe broker' }
)

/** All of a run but what the network does to each message: small enough to be read, and to be made smaller. */
export interface Plan {
  readonly seed: string
  readonly hasBroker: boolean
  readonly apis: number
  readonly workers: number
  readonly coordinators: number
  readonly weather: Weather
  readonly works: readonly Work[]
  readonly harms: readonly Harm[]
  /** From then on nothing more is done to it, and everything has time to come to rest. */
  readonly calmAtMs: number
}

const ACTIVE_MS = 18_000
// After which a worker is declared dead, and some: what happens around it is worth more than what happens far from it.
const ABOUT_SILENT_MS = [9_500, 14_500] as const

/** The plan of a seed. */
export function planOf(seed: string): Plan {
  const chance = chanceOf(`plan ${seed}`)
  const hasBroker = chance.happens(0.5)
  const workers = chance.between(1, 3)
  const coordinators = chance.between(1, 2)
  const apis = 2
  const processes = [
    ...Array.from({ length: workers }, (_, index) => `worker-${index + 1}`),
    ...Array.from({ length: coordinators }, (_, index) => `coordinator-${index + 1}`),
    ...Array.from({ length: apis }, (_, index) => `api-${index + 1}`),
  ]
  const weather = chance.pick<Weather>([
    CALM,
    { failing: 0.02, wordLost: 0.2 },
    { failing: 0.06, wordLost: 0.5 },
    { failing: 0.15, wordLost: 0.9 },
  ])
  const works = Array.from({ length: chance.between(3, 12) }, (_, number) => workOf(chance, seed, number))
  const harms = Array.from({ length: chance.between(0, 8) }, () => harmOf(chance, processes, hasBroker))
  const byTime = (a: { atMs: number }, b: { atMs: number }): number => a.atMs - b.atMs
  return {
    seed,
    hasBroker,
    apis,
    workers,
    coordinators,
    weather,
    works: works.toSorted(byTime),
    harms: harms.toSorted(byTime),
    calmAtMs: ACTIVE_MS,
  }
}

function workOf(chance: Chance, seed: string, number: number): Work {
  // Some when all is calm again: they must not suffer from what was before.
  const atMs = chance.happens(0.8)
    ? chance.between(500, ACTIVE_MS - 3_000)
    : chance.between(ACTIVE_MS, ACTIVE_MS + 8_000)
  const api = chance.between(1, 2)
  if (number > 1 && chance.happens(0.35))
    return { kind: chance.pick(['cancel', 'cancel', 'redrive', 'hurry']), atMs, api, nth: chance.between(0, 6) }
  const count = chance.pick([1, 1, 1, 2, 5])
  const type = chance.pick([...TYPES, TYPES[0]])
  return {
    kind: 'submit',
    atMs,
    api,
    scripts: Array.from({ length: count }, (_, index) => scriptOf(chance, `task-${number}.${index}`)),
    type,
    priority: chance.pick(['critical', 'high', 'normal', 'normal', 'low']),
    delayMs: chance.pick([0, 0, 0, chance.between(1, 6_000)]),
    maxAttempts: chance.pick([1, 2, 4]),
    ...(chance.happens(0.6) && { key: `key-${seed}-${number}` }),
    isDoubled: chance.happens(0.3),
    ...(chance.happens(0.3) && { startToCloseMs: chance.between(300, 3_000) }),
  }
}

function scriptOf(chance: Chance, name: string): Script {
  const acts = Array.from({ length: chance.between(1, 3) }, () => actOf(chance))
  // The last is what all that follow do: it must come to an end, or be made to.
  return {
    name,
    acts: chance.happens(0.08) ? [{ ms: 100, does: 'kill the process' }] : [...acts, { ms: 50, does: 'succeed' }],
  }
}

const actOf = (chance: Chance): Act => ({
  ms: chance.pick([0, 5, chance.between(10, 400), chance.between(400, 6_000), chance.between(4_000, 16_000)]),
  does: chance.pick([
    'succeed',
    'succeed',
    'succeed',
    'fail',
    'fail',
    'snooze',
    'fail for good',
    'kill the runner',
    'kill the process',
  ]),
  ...(chance.happens(0.2) && { isStubborn: true }),
})

function harmOf(chance: Chance, processes: readonly string[], hasBroker: boolean): Harm {
  const atMs = chance.between(1_000, ACTIVE_MS - 1_000)
  // What a worker holds is what can be lost.
  const process = chance.happens(0.4) ? 'worker-1' : chance.pick(processes)
  const aboutSilent = chance.between(...ABOUT_SILENT_MS)
  const ms = chance.pick([chance.between(50, 1_000), chance.between(1_000, 9_000), aboutSilent, aboutSilent])
  const kinds = [
    'kill',
    'kill',
    'stop',
    'freeze',
    'freeze',
    'cut off',
    'cut off',
    'deafen',
    'jump clock',
    'database away',
  ] as const
  const kind = chance.pick<Harm['kind']>([...kinds, ...(hasBroker ? (['wipe broker', 'broker away'] as const) : [])])
  switch (kind) {
    case 'kill':
    case 'stop':
      return { kind, atMs, process, backAfterMs: chance.between(100, 8_000) }
    case 'freeze':
    case 'deafen':
    case 'cut off':
      return { kind, atMs, process, ms }
    case 'jump clock':
      return { kind, atMs, process, ms: chance.pick([-3_600_000, -2_000, 2_000, 3_600_000]) }
    case 'database away':
    case 'broker away':
      return { kind, atMs, ms: Math.min(ms, 8_000) }
    case 'wipe broker':
      return { kind, atMs }
  }
}
