import type { Chance } from './chance.ts'
import { chanceOf } from './chance.ts'
import type { Act, Script } from './handlers.ts'
import { TYPES } from './handlers.ts'
import { CALM, type Weather } from './network.ts'

/** A call of a run. */
export type Work = { readonly atMs: number; readonly api: number } & (
  | {
      readonly kind: 'submit'
      readonly scripts: readonly Script[]
      readonly type: (typeof TYPES)[number]
      readonly priority: 'critical' | 'high' | 'normal' | 'low'
      readonly delayMs: number
      readonly maxAttempts: number
      /** Without a key, a caller that receives no answer does not try again. */
      readonly key?: string
      /** Whether the other API receives the same call at the same time. */
      readonly isDoubled: boolean
      readonly startToCloseMs?: number
      /** The requests of these tasks to the test room, which uses the ports of `tasks`. */
      readonly port?: 'refuse' | 'link' | 'gate' | 'link and gate'
    }
  /** `nth` counts the accepted tasks from the last. */
  | { readonly kind: 'cancel' | 'redrive' | 'hurry'; readonly nth: number }
  /** Closes or opens the queue, by the gate of the test room. */
  | { readonly kind: 'close' | 'open' }
)

/** A harm of a run. */
export type Harm = { readonly atMs: number } & (
  | { readonly kind: 'kill'; readonly process: string; readonly backAfterMs: number }
  | { readonly kind: 'stop'; readonly process: string; readonly backAfterMs: number }
  /** Freezes the process as SIGSTOP does. */
  | { readonly kind: 'freeze'; readonly process: string; readonly ms: number }
  /** The process receives no notifications of the database. */
  | { readonly kind: 'drop notifications'; readonly process: string; readonly ms: number }
  /** The process has no network to database and broker. */
  | { readonly kind: 'cut off'; readonly process: string; readonly ms: number }
  | { readonly kind: 'jump clock'; readonly process: string; readonly ms: number }
  | { readonly kind: 'database unavailable'; readonly ms: number }
  | { readonly kind: 'broker unavailable'; readonly ms: number }
  | { readonly kind: 'wipe broker' }
)

/** A run, without the fate of each message: small enough to read, and to shrink. */
export interface Plan {
  readonly seed: string
  readonly hasBroker: boolean
  readonly apis: number
  readonly workers: number
  readonly coordinators: number
  readonly weather: Weather
  readonly works: readonly Work[]
  readonly harms: readonly Harm[]
  /** The time after which no more harm is done, so that every task can finish. */
  readonly calmAtMs: number
}

const ACTIVE_MS = 18_000
// Around the silence after which a worker is marked lost: durations near it find more.
const ABOUT_SILENT_MS = [9_500, 14_500] as const

/** Draws the plan of a seed. */
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
    { failing: 0.02, notificationsLost: 0.2 },
    { failing: 0.06, notificationsLost: 0.5 },
    { failing: 0.15, notificationsLost: 0.9 },
  ])
  const works = Array.from({ length: chance.between(3, 12) }, (_, number) => workOf(chance, seed, number))
  if (chance.happens(0.4)) works.push(...closureOf(chance))
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
  // Some calls come after the calm: the harm before must not affect them.
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
    ...(chance.happens(0.5) && { port: chance.pick(['refuse', 'link', 'link', 'gate', 'gate', 'link and gate']) }),
  }
}

/** The queue is closed for a while. */
function closureOf(chance: Chance): Work[] {
  const closedAtMs = chance.between(500, ACTIVE_MS - 6_000)
  const opensAtMs = chance.between(closedAtMs, ACTIVE_MS - 1_000)
  return [
    { kind: 'close', atMs: closedAtMs, api: chance.between(1, 2) },
    { kind: 'open', atMs: opensAtMs, api: chance.between(1, 2) },
  ]
}

function scriptOf(chance: Chance, name: string): Script {
  const acts = Array.from({ length: chance.between(1, 3) }, () => actOf(chance))
  // The last act repeats: it must finish, or be quarantined.
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
  ...(chance.happens(0.1) && { isBlocking: true }),
})

function harmOf(chance: Chance, processes: readonly string[], hasBroker: boolean): Harm {
  const atMs = chance.between(1_000, ACTIVE_MS - 1_000)
  // Harm to a worker finds more, since workers hold tasks.
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
    'drop notifications',
    'jump clock',
    'database unavailable',
  ] as const
  const kind = chance.pick<Harm['kind']>([
    ...kinds,
    ...(hasBroker ? (['wipe broker', 'broker unavailable'] as const) : []),
  ])
  switch (kind) {
    case 'kill':
    case 'stop':
      return { kind, atMs, process, backAfterMs: chance.between(100, 8_000) }
    case 'freeze':
    case 'drop notifications':
    case 'cut off':
      return { kind, atMs, process, ms }
    case 'jump clock':
      return { kind, atMs, process, ms: chance.pick([-3_600_000, -2_000, 2_000, 3_600_000]) }
    case 'database unavailable':
    case 'broker unavailable':
      return { kind, atMs, ms: Math.min(ms, 8_000) }
    case 'wipe broker':
      return { kind, atMs }
  }
}
