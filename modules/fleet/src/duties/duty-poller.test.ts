import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { eventually, handClock, nextEvents } from '@taskflow/testing'
import { afterEach, expect, test } from 'vitest'
import { dutyPoller } from './duty-poller.ts'

const NOTHING = { promote: false, expire: false, markLost: false, rescue: false }

let stop = async () => {}
afterEach(() => stop())

/** Runs a poller that finds these results, one in each round; resolves with the names of the duties that it woke. */
async function dutiesWokenBy(...results: readonly Partial<typeof NOTHING>[]): Promise<string[]> {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const names: string[] = []
  const left = [...results]
  const service = dutyPoller({
    clock,
    events,
    storage: { findDuties: async () => ({ ...NOTHING, ...left.shift() }) },
    wakeDuty: (name) => void names.push(name),
  })
  stop = service.stop
  const rounds = nextEvents(events, 'round.succeeded', { count: results.length })
  await service.start()
  for (let round = 1; round < results.length; round++) {
    await eventually(() => clock.sleepers === 1)
    await clock.advance(1_000)
  }
  await rounds
  return names
}

test('wakes no duty while there is nothing to do', async () => {
  expect(await dutiesWokenBy({}, {}, {})).toEqual([])
})

test('wakes the duty that has work, each second', async () => {
  expect(await dutiesWokenBy({ promote: true }, { expire: true }, { markLost: true }, { rescue: true })).toEqual([
    'promoter',
    'expirer',
    'rescuer',
    'rescuer',
  ])
})

test('wakes the rescuer once for workers and tasks together', async () => {
  expect(await dutiesWokenBy({ markLost: true, rescue: true, promote: true })).toEqual(['promoter', 'rescuer'])
})
