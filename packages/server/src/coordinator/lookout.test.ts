import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/core'
import { eventually, handClock, nextEvents } from '@taskflow/testing'
import { afterEach, expect, test } from 'vitest'
import { lookout } from './lookout.ts'

const NOTHING = { promote: false, expire: false, bury: false, rescue: false }

let stop = async () => {}
afterEach(() => stop())

/** A lookout that has seen what is given, round by round; resolves with whom it woke. */
async function wokenBy(...sights: readonly Partial<typeof NOTHING>[]): Promise<string[]> {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const woken: string[] = []
  const duty = (name: string) => ({ wake: () => void woken.push(name) })
  const left = [...sights]
  const service = lookout({
    clock,
    events,
    storage: { findDuties: async () => ({ ...NOTHING, ...left.shift() }) },
    promoter: duty('promoter'),
    expirer: duty('expirer'),
    rescuer: duty('rescuer'),
  })
  stop = service.stop
  const rounds = nextEvents(events, 'round.succeeded', { count: sights.length })
  await service.start()
  for (let round = 1; round < sights.length; round++) {
    await eventually(() => clock.sleepers === 1)
    await clock.advance(1_000)
  }
  await rounds
  return woken
}

test('wakes nobody while there is nothing to do', async () => {
  expect(await wokenBy({}, {}, {})).toEqual([])
})

test('wakes each second whose duty there is', async () => {
  expect(await wokenBy({ promote: true }, { expire: true }, { bury: true }, { rescue: true })).toEqual([
    'promoter',
    'expirer',
    'rescuer',
    'rescuer',
  ])
})

test('wakes the rescuer once for workers and tasks together', async () => {
  expect(await wokenBy({ bury: true, rescue: true, promote: true })).toEqual(['promoter', 'rescuer'])
})
