import { expect, test } from 'vitest'
import { chanceOf } from '../simulation/chance.ts'
import { type Call, callOf } from './load.ts'
import { type Script, TYPES } from './script.ts'

const RATE = 40

const calls = (seed: string, count: number): Call[] =>
  Array.from({ length: count }, (_, n) => callOf(chanceOf(seed).of(`call ${n}`), RATE))
const known = calls('7', 20_000)
const tasks = known.flatMap((call) => (call.kind === 'submit' ? call.tasks : []))
const acts = tasks.flatMap(({ payload }) => (payload as Script).acts)

test('the same seed asks for the same, another for other things', () => {
  expect(calls('7', 100)).toEqual(known.slice(0, 100))
  expect(calls('8', 100)).not.toEqual(known.slice(0, 100))
})

test('callers submit, also the same at once, cancel and redrive', () => {
  expect(new Set(known.map(({ kind }) => kind))).toEqual(new Set(['submit', 'cancel', 'redrive']))
  expect(known.some((call) => call.kind === 'submit' && call.isDoubled)).toBe(true)
})

test('there are tasks of every type, priority and deed, delayed, stubborn and blocking', () => {
  expect(new Set(tasks.map(({ type }) => type))).toEqual(new Set(Object.values(TYPES)))
  expect(new Set(tasks.map(({ priority }) => priority)).size).toBe(4)
  expect(new Set(acts.map(({ does }) => does)).size).toBe(5)
  expect(tasks.some(({ delayMs }) => delayMs !== undefined)).toBe(true)
  expect(acts.some(({ isStubborn }) => isStubborn)).toBe(true)
  expect(acts.some(({ isBlocking }) => isBlocking)).toBe(true)
})

test('a task takes a whole worker with it about once in three minutes of the rate', () => {
  const deadly = tasks.filter(
    ({ type, payload }) =>
      type === TYPES.shared && (payload as Script).acts.some(({ does }) => does === 'kill its process'),
  )
  const minutes = tasks.length / RATE / 60
  expect(deadly.length).toBeGreaterThan(0.1 * minutes)
  expect(deadly.length).toBeLessThan(0.6 * minutes)
})

test('nothing that blocks is in the thread that all share', () => {
  const blocking = tasks.filter(({ payload }) => (payload as Script).acts.some(({ isBlocking }) => isBlocking))
  expect(blocking.filter(({ type }) => type === TYPES.shared)).toEqual([])
})
