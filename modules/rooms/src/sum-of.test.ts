import { EventEmitter } from 'node:events'
import type { Database } from '@taskflow/database'
import type { TaskFlowEvents } from '@taskflow/kernel'
import type { Room } from '@taskflow/room'
import { expect, test } from 'vitest'
import { openStorage } from './storage.ts'
import { checkDistinct, sumOf } from './sum-of.ts'

test('merges the entries of all owners', () => {
  expect(
    sumOf('error', [
      ['alpha', { A: 1 }],
      ['beta', undefined],
      ['gamma', { B: 2 }],
    ]),
  ).toEqual({ A: 1, B: 2 })
})

test('refuses a name that two owners define, and names both', () => {
  const parts = [['room alpha', { SAME: 1 }] as const, ['room beta', { SAME: 2 }] as const]
  expect(() => sumOf('error', parts)).toThrow('Both room alpha and room beta define the error SAME')
  expect(() =>
    checkDistinct('duty', [
      ['room alpha', 'sweep'],
      ['room beta', 'sweep'],
    ]),
  ).toThrow('Both room alpha and room beta define the duty sweep')
})

const open = (...rooms: Room[]) =>
  openStorage({ db: {} as Database, events: new EventEmitter<TaskFlowEvents>(), retentionMs: 1, rooms })

test('refuses two rooms that define the same method of the storage', () => {
  const roomOf = (name: string): Room => ({ name, stores: () => ({ pinTask: () => {} }) }) as unknown as Room
  expect(() => open(roomOf('alpha'), roomOf('beta'))).toThrow(
    'Both room alpha and room beta define the method of the storage pinTask',
  )
})

test('refuses two rooms with the same consumer of ends', () => {
  const roomOf = (name: string): Room => ({ name, ports: { end: { consumer: 'same' } } }) as unknown as Room
  expect(() => open(roomOf('alpha'), roomOf('beta'))).toThrow(
    'Both room alpha and room beta define the consumer of ends same',
  )
})
