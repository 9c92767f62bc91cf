import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DatabaseServer, startDatabaseServer } from './database-server.ts'
import type { Act } from './handlers.ts'
import { CALM, type Weather } from './network.ts'
import type { Harm, Plan, Work } from './plan.ts'
import { PLANTED_BUGS } from './planted-bugs.ts'
import { play } from './play.ts'

/** Runs of a scene, each with other weather, that are enough to find its bug. */
const RUNS = 40

const STORM: Weather = { failing: 0.3, notificationsLost: 0.5 }
const quick: Act = { ms: 20, does: 'succeed' }
const after = (ms: number): Act => ({ ms, does: 'succeed' })

function submit(acts: readonly Act[], given: Partial<Work & { kind: 'submit' }> = {}): Work {
  return {
    kind: 'submit',
    atMs: 1_500,
    api: 1,
    scripts: [{ name: 'task', acts }],
    type: 'simulated.shared',
    priority: 'normal',
    delayMs: 0,
    maxAttempts: 4,
    isDoubled: false,
    ...given,
  }
}

const cutOff = (process: string, atMs: number, ms: number): Harm => ({ kind: 'cut off', process, atMs, ms })

interface Scene extends Partial<Omit<Plan, 'seed'>> {
  readonly works: readonly Work[]
}

/** A scene for each bug that leads to it. */
const SCENES: Readonly<Record<string, Scene>> = {
  'missing-fencing-check': {
    works: [submit([after(10_000), after(20_000)])],
    harms: [cutOff('worker-1', 2_000, 13_500)],
    calmAtMs: 20_000,
  },
  'repeated-settlement-applies-again': {
    works: [submit([{ ms: 5, does: 'fail' }, { ms: 5, does: 'fail' }, after(8_000)], { maxAttempts: 9 })],
    weather: STORM,
  },
  'repeated-settlement-is-refused': { works: [submit([quick])], weather: STORM },
  'rescue-of-a-live-worker': {
    works: [submit([quick])],
    harms: [{ kind: 'freeze', process: 'worker-1', atMs: 2_500, ms: 8_000 }],
  },
  'heartbeat-of-an-old-incarnation': {
    works: [submit([after(9_000)])],
    harms: [{ kind: 'freeze', process: 'worker-1', atMs: 2_500, ms: 15_000 }],
    calmAtMs: 20_000,
  },
  'acknowledged-before-the-claim': { works: [submit([quick])], hasBroker: true },
  'idempotency-race': { works: [submit([quick], { key: 'key', isDoubled: true })] },
  'comes-back-though-cancelled': {
    works: [
      submit([{ ms: 1_000, does: 'fail', isStubborn: true }, after(500)]),
      { kind: 'cancel', atMs: 2_350, api: 1, nth: 0 },
    ],
    weather: { failing: 0, notificationsLost: 0.9 },
  },
  'cancel-frees-a-running-task': {
    works: [submit([after(2_000)]), { kind: 'cancel', atMs: 2_500, api: 1, nth: 0 }],
  },
  'two-leaders': {
    works: [submit([quick])],
    coordinators: 2,
    harms: [cutOff('coordinator-1', 3_000, 9_000), cutOff('coordinator-2', 14_000, 9_000)],
    calmAtMs: 25_000,
  },
  'promoted-twice': {
    works: [submit([after(3_000)], { delayMs: 500 }), submit([quick], { atMs: 2_500, delayMs: 300 })],
  },
  'lost-wake-up': { works: [submit([quick], { atMs: 28_000 })], weather: { failing: 0, notificationsLost: 0.9 } },
  'crashes-are-not-counted': { works: [submit([{ ms: 50, does: 'kill the process' }])] },
  'end-without-a-notice': { works: [submit([quick], { port: 'link' })] },
  'notices-consumed-outside-of-a-transaction': { works: [submit([quick], { port: 'link' })], weather: STORM },
  'gate-opens-without-the-rank': {
    works: [
      { kind: 'close', atMs: 1_000, api: 1 },
      submit([quick], { port: 'gate' }),
      { kind: 'open', atMs: 4_000, api: 1 },
    ],
  },
  'released-attempts-count': {
    works: [submit([after(6_000), quick])],
    harms: [
      { kind: 'stop', process: 'worker-1', atMs: 2_000, backAfterMs: 500 },
      { kind: 'stop', process: 'worker-2', atMs: 2_000, backAfterMs: 500 },
    ],
  },
}

function planOfScene(scene: Scene, run: number): Plan {
  return {
    seed: `scene ${run}`,
    hasBroker: false,
    apis: 2,
    workers: 2,
    coordinators: 1,
    weather: CALM,
    harms: [],
    calmAtMs: 10_000,
    ...scene,
  }
}

test('refuses a bug that changes no statement before the run', async () => {
  const server = await startDatabaseServer()
  await expect(server.reset(({ text }) => text)).rejects.toThrow('Cannot plant the bug: it changes no statement')
  const broken = ({ name, text }: { name: string; text: string }) => (name === 'ping' ? 'select from' : text)
  await expect(server.reset(broken)).rejects.toThrow(/syntax error/)
  await server.close()
})

describe('the simulation finds each planted bug', () => {
  let server: DatabaseServer
  beforeAll(async () => {
    server = await startDatabaseServer()
  })
  afterAll(() => server.close())

  test('each bug has a scene', () => {
    expect(PLANTED_BUGS.map(({ name }) => name).sort()).toEqual(Object.keys(SCENES).sort())
  })

  test.each(PLANTED_BUGS)('$name', async (bug) => {
    const scene = SCENES[bug.name] as Scene
    for (let run = 1; run <= RUNS; run++) {
      const { violations } = await play(planOfScene(scene, run), server, { bug })
      if (violations.some(({ promise }) => bug.breaks.includes(promise))) {
        const { violations: own } = await play(planOfScene(scene, run), server)
        expect(own).toEqual([])
        return
      }
    }
    expect.unreachable(`${RUNS} runs of its scene did not find ${bug.name}`)
  })
})
