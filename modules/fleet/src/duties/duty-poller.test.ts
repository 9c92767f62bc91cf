import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { eventually, handClock, nextEvents } from '@taskflow/testing'
import { afterEach, expect, test } from 'vitest'
import { dutyPoller } from './duty-poller.ts'

const NOTHING = { promote: false, expire: false, loseWorkers: false, rescue: false }

let stop = async () => {}
afterEach(() => stop())

/** Runs a poller that finds these results, one a round; resolves with the duties that it woke. */
async function wokenBy(...sights: readonly Partial<typeof NOTHING>[]): Promise<string[]> {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const woken: string[] = []
  const left = [...sights]
  const service = dutyPoller({
    clock,
    events,
    storage: { findDuties: async () => ({ ...NOTHING, ...left.shift() }) },
    wakeDuty: (name) => void woken.push(name),
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

test('wakes no duty while there is nothing to do', async () => {
  expect(await wokenBy({}, {}, {})).toEqual([])
})

test('wakes the duty that has work, each second', async () => {
  expect(await wokenBy({ promote: true }, { expire: true }, { loseWorkers: true }, { rescue: true })).toEqual([
    'promoter',
    'expirer',
    'rescuer',
    'rescuer',
  ])
})

test('wakes the rescuer once for workers and tasks together', async () => {
  expect(await wokenBy({ loseWorkers: true, rescue: true, promote: true })).toEqual(['promoter', 'rescuer'])
})
