import { expect, test } from 'vitest'
import { chanceOf } from './chance.ts'
import { newHost } from './host.ts'
import { literalOf } from './literal.ts'
import { CALM } from './network.ts'
import { planOf } from './plan.ts'
import { shrunk } from './shrink.ts'
import { newWorld } from './world.ts'

const forEver = Number.POSITIVE_INFINITY
const never = () => false

test('steps are done by their moment, and in the order they were asked for within one', async () => {
  const world = newWorld()
  const done: string[] = []
  for (const [ms, name] of [
    [5, 'd'],
    [1, 'a'],
    [3, 'b'],
    [3, 'c'],
  ] as const)
    world.after(ms, () => done.push(`${name} at ${world.nowMs}`))
  await world.run(never, forEver)
  expect(done).toEqual(['a at 1', 'b at 3', 'c at 3', 'd at 5'])
})

test('what a step sets going goes as far as it can before the next', async () => {
  const world = newWorld()
  const done: string[] = []
  world.after(1, async () => {
    await Promise.resolve()
    await Promise.resolve()
    done.push('first')
  })
  world.after(1, () => done.push('second'))
  await world.run(never, forEver)
  expect(done).toEqual(['first', 'second'])
})

test('a run that is over before everything happened leaves the rest', async () => {
  const world = newWorld()
  let count = 0
  const tick = (): void => {
    count++
    world.after(10, tick)
  }
  tick()
  await world.run(never, 100)
  expect([count, world.nowMs]).toEqual([11, 100])
})

test('nothing reaches a process that was killed, and what should have reached one that was frozen comes later', async () => {
  const world = newWorld()
  const [dead, frozen] = ['dead', 'frozen'].map((name) =>
    newHost({ world, chance: chanceOf(name), name, rate: 1, skewMs: 0 }),
  ) as [ReturnType<typeof newHost>, ReturnType<typeof newHost>]
  const done: string[] = []
  for (const host of [dead, frozen]) host.receive(50, () => done.push(host.name))
  world.after(10, () => dead.kill())
  world.after(10, () => frozen.pause(1_000))
  await world.run(never, 1_000)
  expect(done).toEqual([])
  await world.run(never, forEver)
  expect(done).toEqual(['frozen'])
})

test('one seed draws the same each time, another something else', () => {
  const draws = (seed: string): number[] => Array.from({ length: 20 }, chanceOf(seed).next)
  expect(draws('1')).toEqual(draws('1'))
  expect(draws('1')).not.toEqual(draws('2'))
  expect(JSON.stringify(planOf('1'))).toBe(JSON.stringify(planOf('1')))
})

test('values are written into SQL as a driver would send them', () => {
  const values = [null, 1.5, true, "it's", new Date('2026-01-01T00:00:00Z'), ['a"b\\c', null, 2], [[1], [2]].flat()]
  expect(values.map(literalOf)).toEqual([
    'null',
    '1.5',
    'true',
    "'it''s'",
    "'2026-01-01T00:00:00.000Z'",
    '\'{"a\\"b\\\\c",null,2}\'',
    "'{1,2}'",
  ])
})

test('a plan is made as small as it still breaks', async () => {
  const plan = planOf('3')
  const [needed] = plan.works.filter(({ kind }) => kind === 'submit')
  const least = await shrunk(
    { ...plan, workers: 3 },
    async ({ works, workers }) => workers > 1 && works.some(({ atMs }) => atMs === needed?.atMs),
  )
  expect(least).toMatchObject({ workers: 2, coordinators: 1, harms: [], weather: CALM, hasBroker: false })
  expect(least.works).toHaveLength(1)
})
