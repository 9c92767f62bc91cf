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

test('steps run in order of time, and those of one moment in the order of scheduling', async () => {
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

test('the consequences of a step complete before the next step', async () => {
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

test('a run that ends early leaves the later steps', async () => {
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

test('events never reach a killed process, and reach a frozen process later', async () => {
  const world = newWorld()
  const [killed, frozen] = ['killed', 'frozen'].map((name) =>
    newHost({ world, chance: chanceOf(name), name, rate: 1, skewMs: 0 }),
  ) as [ReturnType<typeof newHost>, ReturnType<typeof newHost>]
  const done: string[] = []
  for (const host of [killed, frozen]) host.receive(50, () => done.push(host.name))
  world.after(10, () => killed.kill())
  world.after(10, () => frozen.pause(1_000))
  await world.run(never, 1_000)
  expect(done).toEqual([])
  await world.run(never, forEver)
  expect(done).toEqual(['frozen'])
})

test('a seed gives the same draws each time, another seed others', () => {
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

test('a plan is shrunk as long as it still breaks', async () => {
  const plan = planOf('3')
  const [needed] = plan.works.filter(({ kind }) => kind === 'submit')
  const least = await shrunk(
    { ...plan, workers: 3 },
    async ({ works, workers }) => workers > 1 && works.some(({ atMs }) => atMs === needed?.atMs),
  )
  expect(least).toMatchObject({ workers: 2, coordinators: 1, harms: [], weather: CALM, hasBroker: false })
  expect(least.works).toHaveLength(1)
})
