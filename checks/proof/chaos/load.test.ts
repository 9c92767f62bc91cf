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

test('the same seed makes the same calls, another seed makes others', () => {
  expect(calls('7', 100)).toEqual(known.slice(0, 100))
  expect(calls('8', 100)).not.toEqual(known.slice(0, 100))
})

test('callers submit, submit twice at the same time, cancel and redrive', () => {
  expect(new Set(known.map(({ kind }) => kind))).toEqual(new Set(['submit', 'cancel', 'redrive']))
  expect(known.some((call) => call.kind === 'submit' && call.isDoubled)).toBe(true)
})

test('the load has tasks of every type, priority and act, and delayed, stubborn and blocking ones', () => {
  expect(new Set(tasks.map(({ type }) => type))).toEqual(new Set(Object.values(TYPES)))
  expect(new Set(tasks.map(({ priority }) => priority)).size).toBe(4)
  expect(new Set(acts.map(({ does }) => does)).size).toBe(5)
  expect(tasks.some(({ delayMs }) => delayMs !== undefined)).toBe(true)
  expect(acts.some(({ isStubborn }) => isStubborn)).toBe(true)
  expect(acts.some(({ isBlocking }) => isBlocking)).toBe(true)
})

test('a task kills its whole worker about once in three minutes', () => {
  const deadly = tasks.filter(
    ({ type, payload }) =>
      type === TYPES.shared && (payload as Script).acts.some(({ does }) => does === 'kill its process'),
  )
  const minutes = tasks.length / RATE / 60
  expect(deadly.length).toBeGreaterThan(0.1 * minutes)
  expect(deadly.length).toBeLessThan(0.6 * minutes)
})

test('no blocking handler runs in the shared thread', () => {
  const blocking = tasks.filter(({ payload }) => (payload as Script).acts.some(({ isBlocking }) => isBlocking))
  expect(blocking.filter(({ type }) => type === TYPES.shared)).toEqual([])
})
