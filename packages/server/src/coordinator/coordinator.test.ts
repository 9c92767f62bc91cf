import { EventEmitter } from 'node:events'
import type { FleetDutyStorage } from '@taskflow/fleet'
import type { TaskFlowEvents, Wakeups } from '@taskflow/kernel'
import { type Elector, soleElector } from '@taskflow/kernel'
import type { Broker, TaskDutyStore } from '@taskflow/tasks'
import { eventually, handClock, nextEvents } from '@taskflow/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { coordinator } from './coordinator.ts'

const DUTIES = [
  'dutyPoller',
  'expirer',
  'gateSweeper',
  'promoter',
  'queueCounter',
  'reconciler',
  'rescuer',
  'retention',
  'vacuum',
]

const idleStore: TaskDutyStore & FleetDutyStorage = {
  findDuties: async () => ({ promote: false, expire: false, markLost: false, rescue: false }),
  promoteTasks: async () => ({ promoted: 0, nextDueInMs: null }),
  countQueuedTasks: async () => [],
  listQueuedTasks: async () => [],
  listSilentWorkers: async () => [],
  markWorkersLost: async () => [],
  listOrphanedLeases: async () => [],
  settleTasks: async (settlements) => settlements.map(() => 'stale'),
  expireTasks: async () => 0,
  readmitFromOpenGates: async () => 0,
  countQueues: async () => 0,
  applyRetention: async () => ({ droppedPartitions: [] }),
  vacuumTables: async () => {},
}

const idleBroker: Broker = {
  name: 'redis',
  publish: async () => {},
  take: async () => undefined,
  depths: async (subqueues) => subqueues.map(() => 0),
  ping: async () => {},
  close: async () => {},
}

/** Makes an elector that the test controls. */
function scriptedElector() {
  let follow: ((isLeader: boolean) => Promise<void>) | undefined
  let isLeading = false
  async function elect(isLeader: boolean): Promise<void> {
    isLeading = isLeader
    await follow?.(isLeader)
  }
  const elector: Elector = {
    get isLeading() {
      return isLeading
    },
    async start(callback) {
      follow = callback
    },
    async stop() {
      await elect(false)
      follow = undefined
    },
  }
  return {
    elector,
    elect: (isLeader: boolean): void => void elect(isLeader),
    /** Ends the trust in the term without a notification, as before the timer fires. */
    expire() {
      isLeading = false
    },
  }
}

function setup(elector: Elector) {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const listeners = new Set<(detail: string) => void>()
  const wakeups: Wakeups = {
    async on(_, listener) {
      listeners.add(listener)
      return async () => void listeners.delete(listener)
    },
  }
  const service = coordinator({ storage: idleStore, broker: idleBroker, wakeups, clock, events, elector })
  stop = service.stop
  return { service, clock, events, listeners }
}

let stop = async () => {}
afterEach(() => stop())

const roundsOfAll = async (events: EventEmitter<TaskFlowEvents>) => {
  const rounds = await nextEvents(events, 'round.succeeded', { count: DUTIES.length })
  return rounds.map(({ service }) => service).sort()
}

describe('coordinator', () => {
  test('does every duty while it leads', async () => {
    const { service, events } = setup(soleElector())
    const rounds = roundsOfAll(events)
    await service.start()
    expect(await rounds).toEqual(DUTIES)
  })

  test('does duties only while it leads', async () => {
    const { elector, elect } = scriptedElector()
    const { service, events, clock } = setup(elector)
    await service.start()
    expect(clock.sleepers).toBe(0)
    for (let term = 0; term < 3; term++) {
      const rounds = roundsOfAll(events)
      elect(true)
      expect(await rounds).toEqual(DUTIES)
      await eventually(() => clock.sleepers === DUTIES.length)
      elect(false)
      await eventually(() => clock.sleepers === 0)
    }
  })

  test('follows the last of many quick changes of leadership', async () => {
    const { elector, elect } = scriptedElector()
    const { service, clock } = setup(elector)
    await service.start()
    for (let flip = 0; flip < 101; flip++) elect(flip % 2 === 0)
    await eventually(() => clock.sleepers === DUTIES.length)
    elect(true)
    elect(false)
    await eventually(() => clock.sleepers === 0)
  })

  test('begins no round after its term expired, even before it is notified', async () => {
    const { elector, elect, expire } = scriptedElector()
    const { service, events, clock, listeners } = setup(elector)
    await service.start()
    const rounds = roundsOfAll(events)
    elect(true)
    await rounds
    await eventually(() => clock.sleepers === DUTIES.length)
    const begun: string[] = []
    events.on('round.succeeded', ({ service: name }) => begun.push(name))
    expire()
    for (const listener of listeners) listener('')
    await clock.advance(600_000)
    expect(begun).toEqual([])
  })

  test('a due task wakes the promoter', async () => {
    const { service, events, clock, listeners } = setup(soleElector())
    const rounds = roundsOfAll(events)
    await service.start()
    await rounds
    await eventually(() => clock.sleepers === DUTIES.length)
    const nextRound = nextEvents(events, 'round.succeeded')
    for (const listener of listeners) listener('')
    expect(await nextRound).toMatchObject([{ service: 'promoter' }])
  })

  test('a broker that returns wakes the reconciler', async () => {
    const { service, events, clock } = setup(soleElector())
    const rounds = roundsOfAll(events)
    await service.start()
    await rounds
    await eventually(() => clock.sleepers === DUTIES.length)
    const nextRound = nextEvents(events, 'round.succeeded')
    events.emit('broker.returned', { broker: 'redis' })
    expect(await nextRound).toMatchObject([{ service: 'reconciler' }])
  })

  test('leaves no timer and no listener after a stop', async () => {
    const { service, clock, events, listeners } = setup(soleElector())
    await service.stop()
    await service.start()
    await service.start()
    expect(listeners.size).toBe(1)
    await service.stop()
    expect({ sleepers: clock.sleepers, listeners: listeners.size }).toEqual({ sleepers: 0, listeners: 0 })
    expect(events.listenerCount('broker.returned')).toBe(0)
    await service.stop()
  })

  test('follows the last of many overlapping starts and stops', async () => {
    const { service, clock, listeners } = setup(soleElector())
    const calls = Array.from({ length: 100 }, (_, index) => (index % 3 === 0 ? service.stop() : service.start()))
    await Promise.all([...calls, service.start()])
    await eventually(() => clock.sleepers === DUTIES.length)
    expect(listeners.size).toBe(1)
    await Promise.all([service.start(), service.stop(), service.start(), service.stop()])
    expect({ sleepers: clock.sleepers, listeners: listeners.size }).toEqual({ sleepers: 0, listeners: 0 })
  })
})
