import { EventEmitter } from 'node:events'
import type { TaskFlowEvents } from '@taskflow/kernel'
import { describe, expect, test } from 'vitest'
import { eventually, nextEvents, within } from './wait.ts'

describe('eventually', () => {
  test('resolves with the first value that is neither false nor missing', async () => {
    const values = [undefined, null, false, 'there'] as const
    let asked = 0
    expect(await eventually(() => values[asked++])).toBe('there')
  })

  test('takes zero and empty text for values', async () => {
    expect(await eventually(() => 0)).toBe(0)
    expect(await eventually(() => '')).toBe('')
  })

  test('gives up after its time, and says on what', async () => {
    await expect(eventually(() => false, { timeoutMs: 30, what: 'the cows to come home' })).rejects.toThrow(
      'Waited 30 ms in vain for the cows to come home',
    )
  })

  test('ends at once when the check throws', async () => {
    const check = () => Promise.reject(new Error('the check is broken'))
    await expect(eventually(check)).rejects.toThrow('the check is broken')
  })
})

describe('nextEvents', () => {
  test('collects as many as asked for, and then stops listening', async () => {
    const events = new EventEmitter<TaskFlowEvents>()
    const promoted = nextEvents(events, 'tasks.promoted', { count: 2 })
    for (const count of [1, 2, 3]) events.emit('tasks.promoted', { count })
    expect(await promoted).toEqual([{ count: 1 }, { count: 2 }])
    expect(events.listenerCount('tasks.promoted')).toBe(0)
  })

  test('gives up after its time, says what it saw, and stops listening', async () => {
    const events = new EventEmitter<TaskFlowEvents>()
    const promoted = nextEvents(events, 'tasks.promoted', { count: 2, timeoutMs: 30 })
    events.emit('tasks.promoted', { count: 1 })
    await expect(promoted).rejects.toThrow('Waited 30 ms in vain for 2 × tasks.promoted, saw [{"count":1}]')
    expect(events.listenerCount('tasks.promoted')).toBe(0)
  })
})

test('within rejects when the work takes too long, and passes on what comes in time', async () => {
  expect(await within(1_000, Promise.resolve('done'))).toBe('done')
  await expect(within(20, new Promise(() => {}), 'the reply')).rejects.toThrow('Waited 20 ms in vain for the reply')
})
