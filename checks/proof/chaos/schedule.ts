import type { BrokerName } from '@taskflow/testing/living-broker'
import { type Chance, chanceOf } from '../simulation/chance.ts'

/** The parts of a run. */
export interface Shape {
  readonly seed: number
  readonly broker: BrokerName
  readonly apis: number
  readonly workers: number
  readonly coordinators: number
}

/** The servers that a process connects to, each over a network of its own. */
export type Link = 'database' | 'notifications' | 'broker'

/** One harm to a run, which is undone afterwards. */
export type Harm =
  /** SIGKILL, or SIGTERM and the time to obey; another takes its place after a while. */
  | { readonly kind: 'kill a process'; readonly process: string; readonly backAfterMs: number }
  | { readonly kind: 'stop a process'; readonly process: string; readonly backAfterMs: number }
  /** SIGSTOP, then SIGCONT. */
  | { readonly kind: 'freeze a process'; readonly process: string; readonly ms: number }
  /** Packets are swallowed without an error; with `alsoNew`, on new connections too for as long as it lasts. */
  | {
      readonly kind: 'half-open network'
      readonly process: string
      readonly link: Link
      readonly alsoNew: boolean
      readonly ms: number
    }
  | {
      readonly kind: 'slow network'
      readonly process: string
      readonly link: Link
      readonly delayMs: number
      readonly ms: number
    }
  | {
      readonly kind: 'wrong clock'
      readonly process: string
      readonly jumpMs: number
      readonly driftMsPerSecond: number
      readonly ms: number
    }
  /** Fast shutdown, immediate shutdown, SIGKILL of the postmaster; each started again after a while. */
  | { readonly kind: 'restart PostgreSQL' | 'crash PostgreSQL' | 'kill PostgreSQL'; readonly ms: number }
  /** A standby is promoted; the former primary stays as a read-only server, with its connections. */
  | { readonly kind: 'switch the primary' }
  | { readonly kind: 'end all sessions' | 'wipe the broker' }
  | { readonly kind: 'fill the disk' | 'kill PgBouncer'; readonly ms: number }
  /** Between PgBouncer and PostgreSQL. */
  | { readonly kind: 'half-open pooler'; readonly alsoNew: boolean; readonly ms: number }
  | { readonly kind: 'kill the broker' | 'restart the broker'; readonly ms: number }

export type HarmKind = Harm['kind']

/** Harms that begin together, and the pause after the recovery. */
export interface Step {
  readonly harms: readonly [Harm, ...Harm[]]
  readonly pauseMs: number
}

const OF_PROCESSES = [
  'kill a process',
  'stop a process',
  'freeze a process',
  'half-open network',
  'slow network',
  'wrong clock',
] as const satisfies readonly HarmKind[]

const OF_DATABASE = [
  'restart PostgreSQL',
  'crash PostgreSQL',
  'kill PostgreSQL',
  'end all sessions',
  'switch the primary',
  'fill the disk',
  'kill PgBouncer',
  'half-open pooler',
] as const satisfies readonly HarmKind[]

const OF_BROKER: Readonly<Record<BrokerName, readonly HarmKind[]>> = {
  postgres: [],
  redis: ['kill the broker', 'wipe the broker'],
  rabbitmq: ['kill the broker', 'restart the broker', 'wipe the broker'],
}

// How often two harms happen at once.
const TOGETHER = 0.25
// A worker is lost after 10 s of silence: most is learnt from freezes that last about that long.
const ABOUT_SILENT_MS = [9_000, 16_000] as const

export function kindsOf(broker: BrokerName): readonly HarmKind[] {
  return [...OF_PROCESSES, ...OF_DATABASE, ...OF_BROKER[broker]]
}

export function processNames({ apis, workers, coordinators }: Omit<Shape, 'seed' | 'broker'>): string[] {
  const numbered = (role: string, count: number) => Array.from({ length: count }, (_, index) => `${role}-${index + 1}`)
  return [...numbered('api', apis), ...numbered('worker', workers), ...numbered('coordinator', coordinators)]
}

/**
 * The endless harms of a seed. Kinds are dealt from a deck that is shuffled again when it is empty, so that a run of
 * some minutes includes each kind, in an order that the seed decides.
 *
 * @param kinds the kinds to deal; at least one
 */
export function* scheduleOf(shape: Shape, kinds: readonly HarmKind[]): Generator<Step, never> {
  const chance = chanceOf(`chaos ${shape.seed}`)
  let deck: HarmKind[] = []
  const deal = (): Harm => {
    if (deck.length === 0) deck = shuffled(chance, kinds)
    return harmOf(chance, deck.pop() as HarmKind, shape)
  }
  for (;;) {
    const first = deal()
    const second = chance.happens(TOGETHER) ? deal() : undefined
    const pauseMs = chance.between(1_000, 6_000)
    if (!second) yield { harms: [first], pauseMs }
    else if (!subjectsOf(first).some((subject) => subjectsOf(second).includes(subject)))
      yield { harms: [first, second], pauseMs }
    // The same thing cannot be killed twice at once.
    else {
      yield { harms: [first], pauseMs }
      yield { harms: [second], pauseMs: chance.between(1_000, 6_000) }
    }
  }
}

/** The processes and servers that a harm is done to. */
function subjectsOf(harm: Harm): readonly string[] {
  if ('process' in harm) return [harm.process]
  if (harm.kind === 'switch the primary') return ['database', 'pooler']
  if (harm.kind === 'kill PgBouncer' || harm.kind === 'half-open pooler') return ['pooler']
  return [harm.kind.endsWith('broker') ? 'broker' : 'database']
}

function shuffled<Item>(chance: Chance, items: readonly Item[]): Item[] {
  return items
    .map((item) => ({ item, place: chance.next() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ item }) => item)
}

function harmOf(chance: Chance, kind: HarmKind, shape: Shape): Harm {
  // The role is chosen first: otherwise workers, which are many, would be harmed most often.
  const role = chance.pick(['api', 'worker', 'worker', 'coordinator'])
  const process = chance.pick(processNames(shape).filter((name) => name.startsWith(role)))
  const link = chance.pick<Link>(
    shape.broker === 'postgres' ? ['database', 'notifications'] : ['database', 'database', 'notifications', 'broker'],
  )
  const shortMs = chance.between(500, 5_000)
  const longMs = chance.between(...ABOUT_SILENT_MS)
  switch (kind) {
    case 'kill a process':
    case 'stop a process':
      return { kind, process, backAfterMs: chance.between(200, 4_000) }
    case 'freeze a process':
      return { kind, process, ms: chance.happens(0.7) ? longMs : shortMs }
    case 'half-open network':
      return { kind, process, link, alsoNew: chance.happens(0.5), ms: chance.happens(0.5) ? longMs : shortMs }
    case 'slow network':
      return { kind, process, link, delayMs: chance.between(20, 800), ms: longMs }
    case 'wrong clock':
      return {
        kind,
        process,
        jumpMs: chance.pick([-3_600_000, -30_000, -2_000, 2_000, 30_000, 3_600_000]),
        driftMsPerSecond: chance.between(-100, 100),
        ms: longMs,
      }
    case 'restart PostgreSQL':
    case 'crash PostgreSQL':
    case 'kill PostgreSQL':
      return { kind, ms: chance.pick([0, shortMs, shortMs, longMs]) }
    case 'end all sessions':
    case 'switch the primary':
    case 'wipe the broker':
      return { kind }
    case 'half-open pooler':
      return { kind, alsoNew: chance.happens(0.5), ms: shortMs }
    case 'fill the disk':
    case 'kill PgBouncer':
    case 'kill the broker':
    case 'restart the broker':
      return { kind, ms: shortMs }
  }
}

/** Describes a harm for the log of the run. */
export function sentenceOf(harm: Harm): string {
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`
  switch (harm.kind) {
    case 'kill a process':
      return `SIGKILL to ${harm.process}, back after ${seconds(harm.backAfterMs)}`
    case 'stop a process':
      return `SIGTERM to ${harm.process}, another ${seconds(harm.backAfterMs)} after its end`
    case 'freeze a process':
      return `SIGSTOP to ${harm.process} for ${seconds(harm.ms)}`
    case 'half-open network':
      return `what ${harm.process} and its ${harm.link} say to each other is swallowed${harm.alsoNew ? `, on new connections too for ${seconds(harm.ms)}` : ''}`
    case 'slow network':
      return `${harm.process} and its ${harm.link} are ${harm.delayMs} ms apart for ${seconds(harm.ms)}`
    case 'wrong clock':
      return `the clock of ${harm.process} jumps by ${seconds(harm.jumpMs)} and drifts by ${harm.driftMsPerSecond} ms a second for ${seconds(harm.ms)}`
    case 'half-open pooler':
      return `what PgBouncer and PostgreSQL say to each other is swallowed${harm.alsoNew ? `, on new connections too for ${seconds(harm.ms)}` : ''}`
    case 'restart PostgreSQL':
      return `PostgreSQL is shut down (fast) for ${seconds(harm.ms)}`
    case 'crash PostgreSQL':
      return `PostgreSQL is shut down (immediate) for ${seconds(harm.ms)}`
    case 'kill PostgreSQL':
      return `SIGKILL to the postmaster, started again after ${seconds(harm.ms)}`
    case 'end all sessions':
      return 'pg_terminate_backend of every session'
    case 'switch the primary':
      return 'a standby of PostgreSQL takes the place of the primary, which stays read-only'
    case 'fill the disk':
      return `the disk of PostgreSQL is full for ${seconds(harm.ms)}`
    case 'kill PgBouncer':
      return `SIGKILL to PgBouncer, started again after ${seconds(harm.ms)}`
    case 'kill the broker':
      return `SIGKILL to the broker, started again after ${seconds(harm.ms)}`
    case 'restart the broker':
      return `the broker is stopped, and started again after ${seconds(harm.ms)}`
    case 'wipe the broker':
      return 'the broker forgets all that it holds'
  }
}
