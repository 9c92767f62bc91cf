import { EventEmitter } from 'node:events'
import { TaskFlowError, type TaskFlowEvents } from '@taskflow/kernel'
import { handClock, newTaskId, PROJECT, settled } from '@taskflow/testing'
import { describe, expect, test } from 'vitest'
import type { Priority } from '../domain/priority.ts'
import type { Dispatch } from './broker.ts'
import { publisher } from './publisher.ts'

const unavailable = new TaskFlowError('BROKER_UNAVAILABLE', 'unavailable')

const dispatches = (count: number, priority: Priority = 'normal'): Dispatch[] =>
  Array.from({ length: count }, (_, rankMs) => ({
    taskId: newTaskId(),
    project: PROJECT,
    queue: 'default',
    type: 'a',
    priority,
    rankMs,
  }))

/** Creates a publisher whose broker answers when the test says so. */
function setup() {
  const clock = handClock()
  const events = new EventEmitter<TaskFlowEvents>()
  const reported: string[] = []
  events.on('dispatches.published', ({ count }) => reported.push(`published ${count}`))
  events.on('dispatches.dropped', ({ count, error }) => reported.push(`dropped ${count}: ${(error as Error).message}`))
  const calls: { batch: readonly Dispatch[]; answer: PromiseWithResolvers<void> }[] = []
  const broker = {
    name: 'redis' as const,
    publish(batch: readonly Dispatch[]) {
      const answer = Promise.withResolvers<void>()
      calls.push({ batch, answer })
      return answer.promise
    },
  }
  return {
    ...publisher({ broker, clock, events }),
    clock,
    reported,
    calls,
    /** Resolves with the sizes of the batches that have left. */
    async sizes() {
      await settled()
      return calls.map(({ batch }) => batch.length)
    },
    async answer(index: number, error?: Error) {
      await settled()
      if (error) calls[index]?.answer.reject(error)
      else calls[index]?.answer.resolve()
      await settled()
    },
  }
}

describe('a publisher', () => {
  test('publishes at once, and gathers what arrives while that batch is in flight', async () => {
    const { publish, sizes, answer, reported } = setup()
    publish(dispatches(1))
    expect(await sizes()).toEqual([1])
    for (let count = 0; count < 100; count++) publish(dispatches(2))
    expect(await sizes()).toEqual([1])
    await answer(0)
    expect(await sizes()).toEqual([1, 200])
    await answer(1)
    expect(reported).toEqual(['published 1', 'published 200'])
  })

  test('publishes in order of arrival, in batches of limited size', async () => {
    const { publish, sizes, answer, calls } = setup()
    const all = dispatches(1_100)
    for (let from = 0; from < all.length; from += 550) publish(all.slice(from, from + 550))
    for (let index = 0; index < 6; index++) await answer(index)
    expect(await sizes()).toEqual([250, 250, 50, 250, 250, 50])
    expect(calls.flatMap(({ batch }) => batch)).toEqual(all)
  })

  test('publishes urgent dispatches during a flood of others, however many of those wait', async () => {
    const { publish, calls, reported } = setup()
    for (let count = 0; count < 60; count++) publish(dispatches(1_000))
    expect(reported.length).toBe(10)
    const urgent = [...dispatches(1, 'critical'), ...dispatches(1, 'high')]
    publish([...dispatches(1), ...urgent])
    await settled()
    expect(calls.map(({ batch }) => batch.length)).toEqual([250, 2, 250])
    expect(calls[1]?.batch).toEqual(urgent)
  })

  test('reports what was dropped when the broker fails, and continues', async () => {
    const { publish, answer, reported } = setup()
    publish(dispatches(3))
    await answer(0, unavailable)
    publish(dispatches(4))
    await answer(1)
    expect(reported).toEqual(['dropped 3: unavailable', 'published 4'])
  })

  test('drops what arrives while 50,000 wait, and accepts more once they have left', async () => {
    const { publish, sizes, answer, reported } = setup()
    for (let count = 0; count < 50; count++) publish(dispatches(1_000))
    publish(dispatches(7))
    expect(reported).toEqual(['dropped 7: Cannot publish queued tasks to broker redis: 50000 already wait'])
    await answer(0)
    publish(dispatches(5))
    for (let index = 1; index < 201; index++) await answer(index)
    expect((await sizes()).at(-1)).toBe(5)
    expect(reported.at(-1)).toBe('published 5')
  })

  test('sends a full batch beside the one in flight, and waits for both before it stops', async () => {
    const { publish, stop, sizes, answer, reported } = setup()
    publish(dispatches(250))
    publish(dispatches(249))
    expect(await sizes()).toEqual([250])
    publish(dispatches(1))
    expect(await sizes()).toEqual([250, 250])
    const stopped = stop()
    await answer(1)
    expect(reported).toEqual(['published 250'])
    await answer(0)
    await stopped
    expect(reported).toEqual(['published 250', 'published 250'])
  })

  test('sends everything before it stops', async () => {
    const { publish, stop, answer, reported, clock } = setup()
    publish(dispatches(1))
    await settled()
    publish(dispatches(2))
    const stopped = stop()
    await answer(0)
    await answer(1)
    await stopped
    expect(reported).toEqual(['published 1', 'published 2'])
    expect(clock.sleepers).toBe(0)
  })

  test('stops within a second when the broker does not answer, and drops the rest', async () => {
    const { publish, stop, answer, sizes, reported, clock } = setup()
    publish(dispatches(1))
    await settled()
    publish(dispatches(2))
    const stopped = stop()
    await clock.advance(1_000)
    await stopped
    await answer(0, unavailable)
    publish(dispatches(3))
    expect(await sizes()).toEqual([1])
    const reason = 'Cannot publish queued tasks to broker redis: the publisher has stopped'
    expect(reported).toEqual(['dropped 1: unavailable', `dropped 2: ${reason}`, `dropped 3: ${reason}`])
  })

  test('stops at once when nothing was published', async () => {
    const { publish, stop, sizes, clock } = setup()
    publish([])
    await stop()
    await stop()
    expect(await sizes()).toEqual([])
    expect(clock.sleepers).toBe(0)
  })
})
