import { BROKERS } from '@taskflow/testing/living-broker'
import { describe, expect, test } from 'vitest'
import { type Harm, kindsOf, processNames, type Shape, type Step, scheduleOf, sentenceOf } from './schedule.ts'

const SHAPE: Shape = { seed: 7, broker: 'redis', apis: 2, workers: 3, coordinators: 2 }
const MANY = 200

function stepsOf(shape: Partial<Shape>, kinds = kindsOf(shape.broker ?? SHAPE.broker)): Step[] {
  const steps = scheduleOf({ ...SHAPE, ...shape }, kinds)
  return Array.from({ length: MANY }, () => steps.next().value)
}
const harmsOf = (...args: Parameters<typeof stepsOf>): Harm[] => stepsOf(...args).flatMap(({ harms }) => [...harms])

test('the same seed does the same harm, another seed other harm', () => {
  expect(stepsOf({})).toEqual(stepsOf({}))
  expect(stepsOf({ seed: 8 })).not.toEqual(stepsOf({}))
})

for (const broker of BROKERS) {
  test(`every kind of harm with ${broker} comes once before any is repeated`, () => {
    const kinds = kindsOf(broker)
    const first = harmsOf({ broker }).slice(0, kinds.length)
    expect(first.map(({ kind }) => kind).toSorted()).toEqual([...kinds].toSorted())
  })
}

test('only the given kinds are done', () => {
  const kinds = ['wrong clock', 'crash PostgreSQL'] as const
  expect(new Set(harmsOf({}, kinds).map(({ kind }) => kind))).toEqual(new Set(kinds))
})

test('a database that is its own broker has no harm to a broker or its network', () => {
  const harms = harmsOf({ broker: 'postgres' })
  expect(harms.filter((harm) => harm.kind.endsWith('broker') || ('link' in harm && harm.link === 'broker'))).toEqual([])
})

describe('two harms at once', () => {
  const pairs = stepsOf({}).filter(({ harms }) => harms.length > 1)

  test('happen now and then', () => {
    expect(pairs.length).toBeGreaterThan(MANY / 10)
    expect(pairs.length).toBeLessThan(MANY / 2)
  })

  test('never affect the same process or server', () => {
    const processes = pairs.map(({ harms }) => harms.flatMap((harm) => ('process' in harm ? [harm.process] : [])))
    expect(processes.filter(([first, second]) => first !== undefined && first === second)).toEqual([])
    const ofServers = /PostgreSQL|sessions|disk/
    expect(pairs.filter(({ harms }) => harms.every(({ kind }) => ofServers.test(kind)))).toEqual([])
  })
})

test('harm affects every process of the run, and no other', () => {
  const harmed = new Set(harmsOf({}).flatMap((harm) => ('process' in harm ? [harm.process] : [])))
  expect([...harmed].toSorted()).toEqual(processNames(SHAPE).toSorted())
})

test('workers are frozen for longer and for shorter than the silence after which they are marked lost', () => {
  const frozenMs = harmsOf({}).flatMap((harm) => (harm.kind === 'freeze a process' ? [harm.ms] : []))
  expect(Math.max(...frozenMs)).toBeGreaterThan(13_000)
  expect(Math.min(...frozenMs)).toBeLessThan(5_000)
})

test('every harm has a sentence', () => {
  for (const broker of BROKERS) for (const harm of harmsOf({ broker })) expect(sentenceOf(harm)).toMatch(/^.{10,}$/)
})
